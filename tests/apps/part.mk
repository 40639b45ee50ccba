# Programs for tests/apps, built as a user would build them.

APPS_STATIC := $(BUILD)/tests/apps/static_program
TEST_PROGRAMS += $(APPS_STATIC)
TEST_OBJECTS += $(APPS_STATIC).o

$(APPS_STATIC): tests/apps/static_program.c
	$(call say,CCLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARNINGS) -O2 -g -static -MMD -MP -MT $@ -MF $@.d -o $@ $<
