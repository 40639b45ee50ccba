#!/bin/bash
# SPDX-License-Identifier: MIT
# When a test of this folder fails, all that it has started goes with it, and nothing else: see stop_app. And a program that
# ends at once is noticed.
set -u
repository=$PWD
. tests/apps/lib.bash

# A tree: in the session of the app, of a session of its own, and one whose parent has ended; beside it, a stranger.
cat >tree.sh <<'END'
sleep 1000 &
echo $! >>pids
setsid sleep 1000 &
echo $! >>pids
(sleep 1000 & echo $! >>pids)
echo $$ >>pids
[ "$1" = goes ] || wait
until [ -e go ]; do sleep 0.02; done
END
cat >failing.sh <<'END'
. tests/apps/lib.bash
start bash tree.sh "$2"
eventually has_lines pids 4
touch go
[ "$2" = stays ] || eventually has_ended "$app"
cp pids "$3"
exit 1
END
sed -i "s|^start|cp '$scratch/tree.sh' .; start|" failing.sh

setsid sleep 1000 &
stranger=$!
disown "$stranger"
trap 'kill -KILL "$stranger"; cleanup' EXIT
all_ended() {
	local pid
	for pid in $(cat "$scratch/pids"); do
		has_ended "$pid" || return
	done
}
# ends ROOT: whether it is there when the test fails.
ends() {
	rm -f pids
	(cd "$repository" && exec bash "$scratch/failing.sh" "$build" "$1" "$scratch/pids")
	has_lines pids 4 || fail "start" "$(cat pids)"
	all_ended && pass "all have ended" || fail "all have ended" "$(ps -o pid,ppid,sess,args -p "$(paste -sd, pids)")"
}
about="with its root: "
ends stays
about="without its root: "
sed -i 's/^setsid/: &/' tree.sh # that one nobody could tell from a stranger
ends goes
about=
has_ended "$stranger" && fail "a stranger goes on" || pass "a stranger goes on"

before=$SECONDS
start true
eventually has_ended_or false
took=$((SECONDS - before))
[ "$took" -lt $((limit / 2)) ] && has_ended "$app" && pass "a program that ends at once" ||
	fail "a program that ends at once" "$took seconds, $(cat "/proc/$app/stat")"
exit "$failed"
