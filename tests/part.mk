# The test groups. A folder's own part.mk adds what has to be built first to TEST_PROGRAMS or, for programs that run under
# the sanitizers, to SANITIZED_TEST_PROGRAMS (both: files below $(BUILD)), and its objects to TEST_OBJECTS.

TEST_GROUPS := lint unit fuzz archive scenario refusal fault apps
RUN_TESTS = tests/run.sh $(BUILD)

-include $(wildcard tests/*/part.mk)

# Without its packages nothing can be built, so they come first and then another make.
.PHONY: check
check: ## install what is missing, build, run all tests
	$(Q)tests/deps.sh
	$(Q)$(MAKE) --no-print-directory check-programs
	$(Q)$(RUN_TESTS) $(TEST_GROUPS)

.PHONY: check-programs
check-programs: all test-programs
	$(Q)$(MAKE) --no-print-directory SANITIZE=address,undefined sanitized-test-programs

.PHONY: test-programs sanitized-test-programs
test-programs: $(TEST_PROGRAMS)
sanitized-test-programs: $(SANITIZED_TEST_PROGRAMS)

.PHONY: check-unit
check-unit: ## run the unit tests and replay the fuzz corpora, under ASan and UBSan
	$(Q)$(MAKE) --no-print-directory SANITIZE=address,undefined sanitized-test-programs
	$(Q)$(RUN_TESTS) unit fuzz

SINGLE_GROUPS := check-scenario check-refusal check-fault check-archive check-apps
.PHONY: $(SINGLE_GROUPS)
check-scenario: ## dump and restore one small program for each behaviour
check-refusal: ## what must be refused: message, exit status, target unharmed
check-fault: ## errors and SIGKILL at every stage
check-archive: ## bad archives
check-apps: ## dump and restore real programs
$(SINGLE_GROUPS): check-%: all test-programs
	$(Q)$(RUN_TESTS) $*

.PHONY: lint
lint: all ## check layers, formatting, options against man pages, scripts
	$(Q)$(RUN_TESTS) lint

.PHONY: demo
demo: ## install what is missing, build, and show it
	$(Q)tests/deps.sh --build
	$(Q)$(MAKE) --no-print-directory all $(BUILD)/tests/demo/counter
	$(Q)tests/demo/demo.sh $(BUILD)

.PHONY: bench
bench: all test-programs ## measure speed, as ratios to zstd and memcpy
	$(Q)tests/bench/run.sh $(BUILD)

# The demonstration's program is plain C, built as a user would build one.
$(BUILD)/tests/demo/counter: tests/demo/counter.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) -Wall -Wextra $(LDFLAGS) -o $@ $<
