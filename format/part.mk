# SPDX-License-Identifier: MIT
FORMAT_SOURCES := $(wildcard format/*.c format/task/*.c format/fd/*.c)
PROTOS := $(wildcard format/*.proto format/task/*.proto format/fd/*.proto)
