# Programs that the refusal tests point cr-dump at.

REFUSAL_PROGRAMS := $(BUILD)/tests/refusal/refusal_target $(BUILD)/tests/refusal/refusal_tracer
TEST_PROGRAMS += $(REFUSAL_PROGRAMS)
TEST_OBJECTS += $(REFUSAL_PROGRAMS:=.o)

$(REFUSAL_PROGRAMS): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
