#!/bin/bash
# SPDX-License-Identifier: MIT
# What has to be refused: exit status, message, nothing created, the target unharmed. tests/refusal/run.sh BUILD_DIR
set -u

failed=0
for script in tests/refusal/*.sh; do
	[ "$script" = tests/refusal/run.sh ] || "$script" "$1" || failed=1
done
exit "$failed"
