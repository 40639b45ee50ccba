#!/bin/bash
# SPDX-License-Identifier: MIT
# The clocks of a program go on where those of the machine would be others: in time namespaces (time_namespaces(7)), of the
# program, of cr-restore, or both.
set -u
. tests/apps/lib.bash
needs python3 unshare

early=(unshare --time --monotonic 1000000 --boottime 2000000)
late=(unshare --time --monotonic 9000000 --boottime 7000000)
if ! "${early[@]}" true 2>/dev/null; then
	skip "all of it" "no time namespace can be made"
	exit 0
fi

# goes_on NAME: the program, dumped and restored as restore_prefix says, twice.
goes_on() {
	about="$1: "
	shift
	start "$@" python3 "$sources/clocks.py" 60
	dump_when has_lines app.out 10
	restore
	dump_when has_lines app.out 30
	restore
	finish
	[ "$(tail -n 1 app.out)" = "all rounds" ] && pass "its clocks go on" ||
		fail "its clocks go on" "$(tail -n 1 app.out)" "$(cat app.err)"
}

goes_on "of the program" "${early[@]}"
restore_prefix=("${late[@]}")
goes_on "of cr-restore"
goes_on "of both, different ones" "${early[@]}"
exit "$failed"
