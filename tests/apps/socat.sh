#!/bin/bash
# SPDX-License-Identifier: MIT
# Two socat(1) that talk over a unix socket, one of them with a program behind pipes: nothing is lost, nothing comes twice.
set -u
. tests/apps/lib.bash
needs socat seq

seq 1 600 >expected
cat >run.sh <<'END'
socat UNIX-LISTEN:server.sock EXEC:cat &
while [ ! -S server.sock ]; do sleep 0.02; done
while read -r line; do echo "$line"; sleep 0.01; done <expected | socat -t 30 - UNIX-CONNECT:server.sock >echoed
wait
END
start bash run.sh
dump_when has_lines echoed 100
[ "$(wc -l <echoed)" -lt 600 ] || fail "dump in the middle" "it was done already"
restore
finish
same "all has come back once, in order" expected echoed
exit "$failed"
