# What the measurements are made with. They are not tests: `make bench` alone runs them.

BENCH_PROGRAMS := $(BUILD)/tests/bench/measure $(BUILD)/tests/bench/bench_memory
TEST_PROGRAMS += $(BENCH_PROGRAMS)

$(BENCH_PROGRAMS): $(BUILD)/%: %.c
	$(call say,CCLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -pthread -O2 -g -MMD -MP -MT $@ -MF $@.d -o $@ $<
