#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs every check in this folder: tests/lint/run.sh BUILD_DIR
set -u

failed=0
for script in tests/lint/*.sh; do
	[ "$script" = tests/lint/run.sh ] || "$script" "$1" || failed=1
done
exit "$failed"
