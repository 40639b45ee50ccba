# Programs that the refusal tests point cr-dump at.

REFUSAL_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/refusal/refusal_*.c))
REFUSAL_PARTS := $(call object,$(wildcard tests/refusal/hold_*.c))
REFUSAL_GRAPH_PARTS := $(call object,$(wildcard tests/refusal/graph_*.c))
TEST_PROGRAMS += $(REFUSAL_PROGRAMS)
TEST_OBJECTS += $(REFUSAL_PROGRAMS:=.o) $(REFUSAL_PARTS) $(REFUSAL_GRAPH_PARTS)

$(BUILD)/tests/refusal/refusal_target: $(REFUSAL_PARTS)
$(BUILD)/tests/refusal/refusal_graph: $(REFUSAL_GRAPH_PARTS)

$(REFUSAL_PROGRAMS): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
