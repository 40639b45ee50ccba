#!/bin/bash
# SPDX-License-Identifier: MIT
# bc, dumped in the middle of a long calculation.
set -u
. tests/apps/lib.bash
needs bc

cat >pi.bc <<'END'
scale = 1400
4 * a(1)
e(1)
quit
END
bc -lq pi.bc </dev/null >expected

start bc -lq pi.bc
dump_when has_computed 300
restore
finish
same "the numbers are the same" expected app.out
exit "$failed"
