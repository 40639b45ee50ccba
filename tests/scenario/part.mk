# SPDX-License-Identifier: MIT
# Scenario programs (one a behaviour, linked against scenario.c alone) and the runner that drives them.

SCENARIO_RUNNER_SOURCES := $(filter-out tests/scenario/scenario.c,$(wildcard tests/scenario/*.c)) \
	common/file.c common/vector.c $(patsubst %,common/proc/%.c,cursor proc_dir stat status)
SCENARIO_SOURCES := $(sort $(wildcard tests/scenario/*/*.c))
SCENARIOS := $(patsubst tests/scenario/%.c,%,$(SCENARIO_SOURCES))
SCENARIO_PROGRAMS := $(SCENARIOS:%=$(BUILD)/tests/scenario/%)
SCENARIO_RUNNER := $(BUILD)/tests/scenario/run_scenario
SCENARIO_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Werror -pthread -Itests/scenario -O1 -g
SCENARIO_LIBRARY := $(BUILD)/tests/scenario/scenario.o

.PHONY: scenarios
scenarios: $(SCENARIO_RUNNER) $(SCENARIO_PROGRAMS)

# Programs without libc, and so without the library: they keep to the runner's protocol by themselves.
SCENARIO_BARE := $(filter %_without_libc,$(SCENARIO_PROGRAMS))

$(filter %_static,$(SCENARIO_PROGRAMS)): SCENARIO_LDFLAGS := -static

$(SCENARIO_LIBRARY): tests/scenario/scenario.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(SCENARIO_CFLAGS) -MMD -MP -c -o $@ $<

$(filter-out $(SCENARIO_BARE),$(SCENARIO_PROGRAMS)): $(BUILD)/tests/scenario/%: tests/scenario/%.c $(SCENARIO_LIBRARY)
	$(call say,CCLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(SCENARIO_CFLAGS) -MMD -MP -MT $@ -MF $@.d -o $@ $< $(SCENARIO_LIBRARY) \
		-Wl,--wrap=pthread_create,--wrap=fork $(SCENARIO_LDFLAGS)

$(SCENARIO_BARE): $(BUILD)/tests/scenario/%: tests/scenario/%.c
	$(call say,CCLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(SCENARIO_CFLAGS) -ffreestanding -fno-stack-protector -fno-builtin -fno-pie -nostdlib \
		-static -no-pie -o $@ $<

$(SCENARIO_RUNNER): $(call object,$(SCENARIO_RUNNER_SOURCES))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))

-include $(wildcard $(SCENARIO_PROGRAMS:=.d))

TEST_PROGRAMS += $(SCENARIO_RUNNER) $(SCENARIO_PROGRAMS)
TEST_OBJECTS += $(call object,$(filter tests/%,$(SCENARIO_RUNNER_SOURCES))) $(SCENARIO_LIBRARY)
