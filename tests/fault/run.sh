#!/bin/bash
# SPDX-License-Identifier: MIT
# Our commands are ended, or find their environment spoilt, at random moments. tests/fault/run.sh BUILD_DIR
set -u

build=$(cd "$1" && pwd) || exit 1
scratch=$(mktemp -d /tmp/cr-fault.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

failed=0
for program in "$build"/tests/fault/kill_* "$build"/tests/fault/spoil_*; do
	if [ -x "$program" ] && [ "${program%.o}" = "$program" ] && [ "${program%.d}" = "$program" ]; then
		rm -rf "${scratch:?}"/*
		mkdir "$scratch/out"
		"$program" "$build" "$scratch" || failed=1
	fi
done
exit "$failed"
