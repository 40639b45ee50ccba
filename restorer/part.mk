# SPDX-License-Identifier: MIT
RESTORER_SOURCES := $(wildcard restorer/*.c restorer/task/*.c restorer/fd/*.c)
