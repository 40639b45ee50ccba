#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the unit tests, from the sanitized variant beside BUILD_DIR: tests/unit/run.sh BUILD_DIR
set -u

build=$(dirname "$1")/sanitize
failed=0
for source in tests/unit/test_*.c; do
	name=$(basename "$source" .c)
	program=$build/tests/unit/$name
	if [ ! -x "$program" ]; then
		echo "ok - unit/$name # SKIP not built: cmocka is not installed"
		continue
	fi
	output=$(CMOCKA_MESSAGE_OUTPUT=tap timeout --kill-after=5 60 "$program" 2>&1)
	status=$?
	# cmocka's "ok 3 - NAME" becomes ours; what else was printed is of interest only after a failure
	sed -n -E -e "s,^(not )?ok [0-9]+ # SKIP (.*),ok - unit/$name: \2 # SKIP as the test says,p" \
		-e "s,^(not )?ok [0-9]+ - (.*),\1ok - unit/$name: \2,p" <<<"$output"
	if [ "$status" -ne 0 ]; then
		failed=1
		grep -v -E '^ok [0-9]' <<<"$output" | sed 's/^/# /'
		grep -q '^not ok [0-9]* - ' <<<"$output" || echo "not ok - unit/$name: ended with status $status"
	fi
done
exit "$failed"
