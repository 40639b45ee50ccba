# Each test_NAME.c is a cmocka program of its own, linked with all of common/ and format/; test_dumper_NAME.c and
# test_restorer_NAME.c with that command's objects as well.

UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
UNIT_LIBS = $(call once,UNIT_LIBS,pkg-config --libs cmocka)
TEST_OBJECTS += $(UNIT_TESTS:=.o)
ifneq ($(SANITIZE),)
ifeq ($(shell pkg-config --exists cmocka && echo yes),yes)
SANITIZED_TEST_PROGRAMS += $(UNIT_TESTS)
endif
endif

$(filter $(BUILD)/tests/unit/test_dumper_%,$(UNIT_TESTS)): $(LIBDUMPER)
$(filter $(BUILD)/tests/unit/test_restorer_%,$(UNIT_TESTS)): $(LIBRESTORER)
$(UNIT_TESTS): %: %.o $(LIBCR)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group $(CR_LIBS) $(UNIT_LIBS)
