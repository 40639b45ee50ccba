# SPDX-License-Identifier: MIT
# A target that checks itself, and the programs that end our commands, or spoil what they run in, at random.

FAULT_WATCH_OBJECTS := $(BUILD)/tests/fault/fault_watch.o $(BUILD)/tests/fault/fault_command.o
FAULT_TARGET := $(BUILD)/tests/fault/fault_target
FAULT_DRIVERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fault/kill_*.c tests/fault/spoil_*.c))
TEST_PROGRAMS += $(FAULT_TARGET) $(FAULT_DRIVERS)
TEST_OBJECTS += $(FAULT_TARGET:=.o) $(FAULT_DRIVERS:=.o) $(FAULT_WATCH_OBJECTS) $(BUILD)/tests/fault/fault_queue.o

$(FAULT_TARGET): $(FAULT_TARGET).o $(BUILD)/tests/fault/fault_registers.o $(BUILD)/tests/fault/fault_queue.o
$(FAULT_DRIVERS): %: %.o $(FAULT_WATCH_OBJECTS)
$(FAULT_TARGET) $(FAULT_DRIVERS):
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
