#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of the kernel that cannot be preserved, each by name.
set -u
. tests/refusal/lib.bash

refused_with proc-outside '/proc/1/status' 'not part of the dump'
refused_with proc-fdinfo '/fdinfo/0' 'descriptor'
refused_with namespace-other 'namespace' 'uts:'
if [ "$(id -u)" -eq 0 ]; then
	if [ -e /proc/mtrr ]; then
		refused_with proc-written '/proc/mtrr' 'writing'
	else
		skip proc-written 'there is no such file'
	fi
	if [ -e /proc/pressure/cpu ]; then
		refused_with pressure '/proc/pressure/cpu' 'trigger'
	else
		skip pressure 'this kernel has no pressure stall information'
	fi
else
	skip 'files that are written to' 'needs root'
fi

exit "$failed"
