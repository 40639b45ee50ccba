#!/bin/bash
# SPDX-License-Identifier: MIT
# A Python server like gunicorn: a master that has made four workers, which all accept from the socket they have inherited.
# Its client is not dumped, loses its connections (--tcp-close), also one that was not accepted yet (--skip-in-flight), and
# makes new ones.
set -u
. tests/apps/tcp.bash
needs python3
dump_options=(--tcp-close --skip-in-flight) restore_options=(--tcp-close)

python=$(python3 -c 'import sys; print(sys.executable)')
start "$python" "$sources/prefork.py" 4700 4
eventually listens 4700
client clients "$python" "$sources/prefork_client.py" 4700 progress go
four_have_answered() {
	[ "$(sort -u progress | grep -c .)" = 4 ]
}
dump_when four_have_answered
restore
touch go
expect_clients
grep -q '^lost' progress && pass "the client has lost its connections" || fail "the client has lost its connections"
same "the same four workers answer" <(sed '/^lost/,$d' progress | sort -u) <(sed '1,/^lost/d' progress | sort -u)
[ "$(sed '1,/^lost/d' progress | sort -u | grep -c .)" = 4 ] && pass "there are four" || fail "there are four"

# The master sees the end of a worker, and makes another.
worker=$(pgrep -P "$app" | head -n 1)
kill -KILL "$worker"
has_four_again() {
	[ ! -e "/proc/$worker" ] && [ "$(pgrep -c -P "$app")" = 4 ]
}
eventually has_four_again && pass "a worker is replaced" || fail "a worker is replaced"
expect_free
kill -TERM "$app"
eventually has_ended "$app" && pass "shuts down" || fail "shuts down"
[ ! -s app.err ] && pass "nothing has gone wrong" || fail "nothing has gone wrong" "$(cat app.err)"
exit "$failed"
