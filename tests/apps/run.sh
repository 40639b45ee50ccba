#!/bin/bash
# SPDX-License-Identifier: MIT
# Real programs, dumped in the middle of their work and restored: tests/apps/run.sh BUILD_DIR [NAME]...
#
# A script here is a program; with names only those are run. KEEP=1 leaves the scratch directories behind.
set -u

build=$1
shift
failed=0
for script in tests/apps/*.sh; do
	name=$(basename "$script" .sh)
	[ "$name" != run ] || continue
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	timeout --kill-after=10 180 "$script" "$build" </dev/null || failed=1
done
exit "$failed"
