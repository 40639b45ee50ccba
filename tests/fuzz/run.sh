#!/bin/bash
# SPDX-License-Identifier: MIT
# Replays the stored inputs of each fuzz target, in the sanitized variant beside BUILD_DIR: tests/fuzz/run.sh BUILD_DIR
set -u
shopt -s nullglob

build=$(dirname "$1")/sanitize
failed=0
sources=(tests/fuzz/fuzz_*.c)
[ "${#sources[@]}" -gt 0 ] || echo "ok - fuzz # SKIP there are no fuzz targets yet"
for source in "${sources[@]}"; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	inputs=(tests/fuzz/corpus/"$name"/*)
	if [ "${#inputs[@]}" -eq 0 ]; then
		echo "not ok - fuzz/$name: there is nothing in tests/fuzz/corpus/$name"
		failed=1
	elif timeout --kill-after=5 120 "$build/tests/fuzz/fuzz_$name" "${inputs[@]}"; then
		echo "ok - fuzz/$name: ${#inputs[@]} inputs"
	else
		echo "not ok - fuzz/$name: ended with status $?"
		failed=1
	fi
done
exit "$failed"
