# Programs that the refusal tests point cr-dump at.

REFUSAL_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/refusal/refusal_*.c))
REFUSAL_PARTS := $(call object,$(wildcard tests/refusal/hold_*.c))
TEST_PROGRAMS += $(REFUSAL_PROGRAMS)
TEST_OBJECTS += $(REFUSAL_PROGRAMS:=.o) $(REFUSAL_PARTS)

$(BUILD)/tests/refusal/refusal_target: $(REFUSAL_PARTS)

$(REFUSAL_PROGRAMS): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
