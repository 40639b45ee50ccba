# SPDX-License-Identifier: MIT
COMMON_SOURCES := $(wildcard common/*.c common/proc/*.c common/netlink/*.c common/tracee/*.c common/arch/x86_64/*.c) \
	common/arch/x86_64/executor.S
