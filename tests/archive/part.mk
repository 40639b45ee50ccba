# The program that writes bad archives.

MAKE_BAD := $(BUILD)/tests/archive/make_bad
TEST_PROGRAMS += $(MAKE_BAD)
TEST_OBJECTS += $(MAKE_BAD).o

$(MAKE_BAD): %: %.o $(LIBCR)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CR_LIBS)
