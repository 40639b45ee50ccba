#!/bin/bash
# SPDX-License-Identifier: MIT
# A redis-server on a unix socket: it has its keys after the restore, expires those that are due, and takes new ones.
set -u
. tests/apps/lib.bash
needs redis-server redis-cli

ask() {
	timeout 10 redis-cli -s "$scratch/socket" "$@"
}
is_up() {
	[ "$(ask ping)" = PONG ]
}
start redis-server --port 0 --unixsocket "$scratch/socket" --save '' --dir "$scratch"
eventually is_up || fail "start" "$(tail app.out)"
seq 1 20000 | awk '{ print "SET key:" $1 " " $1 * 7 }' | ask --pipe >pipe.txt 2>&1
ask set short-lived yes px 100 >/dev/null
ask rpush list a b c >/dev/null
dump_when is_up
restore
[ "$(ask ping)" = PONG ] && pass "answers" || fail "answers"
[ "$(ask get key:777)" = 5439 ] && [ "$(ask dbsize)" -ge 20001 ] && pass "has its keys" || fail "has its keys" "$(ask dbsize)"
is_expired() {
	[ -z "$(ask get short-lived)" ]
}
eventually is_expired && pass "expires keys" || fail "expires keys"
[ "$(ask lpop list)$(ask incr key:1)" = a8 ] && pass "takes new values" || fail "takes new values"
ask shutdown nosave >/dev/null 2>&1
eventually has_ended "$app" && pass "shuts down" || fail "shuts down"
started=
exit "$failed"
