# SPDX-License-Identifier: MIT
# For the checks in this folder to source: one line a check, with what it found below.
# shellcheck shell=bash

# shellcheck disable=SC2034 # it is the exit status of the script that sources this
lint_failed=0

# lint_report NAME FINDINGS: the check NAME has passed if FINDINGS, one a line, is empty.
lint_report() {
	if [ -z "$2" ]; then
		echo "ok - lint/$1"
	else
		echo "not ok - lint/$1"
		printf '%s\n' "$2" | sed 's/^/#   /'
		# shellcheck disable=SC2034
		lint_failed=1
	fi
}

# lint_needs NAME COMMAND: true if COMMAND is there; else says that NAME is skipped.
lint_needs() {
	command -v "$2" >/dev/null && return 0
	echo "ok - lint/$1 # SKIP $2 is not installed"
	return 1
}
