#!/bin/bash
# SPDX-License-Identifier: MIT
# What every source file must have, and what tools say about them.
set -u
. tests/lint/report.bash

sources() {
	find common format dumper restorer tests -name '*.[chS]' | sort
}
scripts() {
	find tests -name '*.sh' -o -name '*.bash' | sort
	echo .ci/run
}

lint_report 'files: each starts with its license' \
	"$(sources | cat - <(scripts) | while read -r file; do
		head -2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
	done)"

if lint_needs 'files: clang-format' clang-format; then
	lint_report 'files: clang-format' "$(sources | grep -v '\.S$' |
		xargs clang-format --dry-run 2>&1 | grep 'warning:' | cut -d: -f1 | sort | uniq -c)"
fi
if lint_needs 'files: shellcheck' shellcheck; then
	lint_report 'files: shellcheck' "$(scripts | xargs shellcheck -x -S warning -f gcc 2>&1)"
fi
if lint_needs 'files: mandoc' mandoc; then
	# which other manuals are installed here is not the point; what it says of its own data base is on stderr
	lint_report 'files: mandoc' "$(mandoc -Tlint man/*.[58] 2>/dev/null | grep -v 'referenced manual not found')"
fi

exit "$lint_failed"
