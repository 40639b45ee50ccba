# Each fuzz_NAME.c is one parser's LLVMFuzzerTestOneInput(). With FUZZ=1 it becomes a libFuzzer program; else it is linked
# with replay.c, which gives it the files of corpus/NAME.

FUZZ_TARGETS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
TEST_OBJECTS += $(FUZZ_TARGETS:=.o) $(BUILD)/tests/fuzz/replay.o
ifneq ($(SANITIZE),)
SANITIZED_TEST_PROGRAMS += $(FUZZ_TARGETS)
endif

ifneq ($(FUZZ),)
FUZZ_DRIVER := -fsanitize=fuzzer
else
$(FUZZ_TARGETS): $(BUILD)/tests/fuzz/replay.o
endif
$(FUZZ_TARGETS): %: %.o $(LIBCR)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBCR) $(FUZZ_DRIVER) $(CR_LIBS)

.PHONY: fuzz fuzz-run
fuzz: ## look for new crashes, FUZZ_SECONDS=60 for each parser (needs clang)
	$(Q)$(MAKE) --no-print-directory FUZZ=1 fuzz-run
fuzz-run: $(FUZZ_TARGETS)
	$(Q)set -e; for target in $(FUZZ_TARGETS); do \
		name=$${target##*/fuzz_}; echo "# $$name"; mkdir -p $(BUILD)/corpus/$$name tests/fuzz/corpus/$$name; \
		$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/crash-$$name- $(BUILD)/corpus/$$name tests/fuzz/corpus/$$name; \
	done
