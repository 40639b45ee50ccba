# SPDX-License-Identifier: MIT
DUMPER_SOURCES := $(wildcard dumper/*.c dumper/task/*.c dumper/fd/*.c)
