#!/bin/bash
# SPDX-License-Identifier: MIT
# A program under gdb or strace is refused, by the name of its tracer, alone and together with it; both go on to their end.
set -u
. tests/apps/lib.bash
needs dash

cat >count.sh <<'END'
number=0
while [ "$number" -lt 40 ] || [ ! -e go ]; do
	number=$((number + 1))
	echo "$number"
	sleep 0.02
done >counted
END

traced=
# Sets $traced: the child of the app that it traces.
find_traced() {
	traced=$(pgrep -x -P "$app" dash) && grep -q "^TracerPid:	$app\$" "/proc/$traced/status"
}
is_counting() {
	has_lines counted 5
}
has_counted_beyond() {
	[ "$(wc -l <counted)" -gt "$1" ]
}

# refused NAME PID PATTERN: a dump of the process is refused, says why, and leaves no archive.
refused() {
	local status
	timeout --kill-after=5 "$limit" "$cr_dump" -t "$2" -o app.tar.zst </dev/null >out.txt 2>&1
	status=$?
	if [ "$status" -eq 3 ] && grep -qE -e "$3" out.txt && [ ! -e app.tar.zst ]; then
		pass "$1"
	else
		fail "$1" "exit status $status, and no '$3':" "$(cat out.txt)"
	fi
}

# traces PROGRAM COMMAND...
traces() {
	local name=$1
	shift
	about="$name: "
	if ! command -v "$name" >/dev/null; then
		skip "all of it" "$name is not installed"
		return
	fi
	rm -f go counted
	start "$@" dash count.sh
	if ! eventually find_traced || ! eventually is_counting; then
		fail "start" "$(cat app.out app.err)"
		exit 1
	fi
	refused "what it traces is refused" "$traced" "pid $traced \(dash\): is traced by pid $app \($name\): detach that first"
	refused "both are refused" "$app" "thread $traced is traced by pid $app \($name\), which is to be dumped with it"
	find_traced && eventually has_counted_beyond "$(wc -l <counted)" && pass "they go on" || fail "they go on"
	touch go
	finish
	same "nothing was left out" <(seq 1 "$(wc -l <counted)") counted
}

traces gdb gdb -nx -q -batch -ex 'set startup-with-shell off' -ex run --args
traces strace strace -f -o trace
exit "$failed"
