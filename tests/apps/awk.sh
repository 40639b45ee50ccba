#!/bin/bash
# SPDX-License-Identifier: MIT
# awk in a big loop over a growing array, dumped on the way.
set -u
. tests/apps/lib.bash
needs awk

cat >work.awk <<'END'
BEGIN {
	value = 1
	for (round = 1; round <= 40; round++) {
		for (i = 1; i <= 50000; i++) {
			value = (value * 16807) % 2147483647
			text[value % 5003] = substr(text[value % 5003] sprintf("%x", value), 1, 200)
		}
		all = 0
		for (key in text)
			all += length(text[key])
		print round, value, all, text[42]
		fflush()
	}
}
END
awk -f work.awk >expected

start awk -f work.awk
dump_when has_lines app.out 15
restore
finish
same "the results are the same" expected app.out
exit "$failed"
