#!/bin/bash
# SPDX-License-Identifier: MIT
# Terminals: what is outside of the dump, states that cannot be preserved, and what a restore misses.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
if ! command -v script >/dev/null; then
	skip 'all of it' 'script is not installed'
	exit 0
fi

# holds WHAT PATTERN...: a target with such a pseudo-terminal is refused.
holds() {
	local what=$1
	shift
	start_target "$what"
	refused "$what" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" -o "$out"
	refused "$what, --check" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" --check
	stop_target
}

holds terminal-early 'fd 11\b' 'before its slave was opened'
holds terminal-echo 'fd 11\b' 'echo' '\^Q'
holds terminal-discipline 'fd (11|21)\b' 'line discipline'

# While something outside has an end of it too.
start_target terminal
works 'a pseudo-terminal, alone' "$cr_dump" -t "$target" --check
slave=$(readlink "/proc/$target/fd/21")
sleep 1000 3<"$slave" &
user=$!
disown "$user"
started+=("$user")
refused 'its slave is in use outside' 3 "\b$target\b" 'fd 11\b' "$slave" "\b$user\b" "'sleep'" -- \
	"$cr_dump" -t "$target" -o "$out"
kill -KILL "$user"
eventually gone "$user"
"$build/tests/refusal/refusal_holder" "$target" 11 >"$scratch/holder" &
holder=$!
disown "$holder"
started+=("$holder")
eventually test -s "$scratch/holder"
refused 'its master is shared outside' 3 "\b$target\b" 'fd 11\b' "$slave" "\b$holder\b" 'refusal_holder' -- \
	"$cr_dump" -t "$target" -o "$out"
kill -KILL "$holder"
eventually gone "$holder"

# Its number is taken when it is to be restored.
works 'a pseudo-terminal is dumped' "$cr_dump" -t "$target" -o "$scratch/app.tar.zst"
eventually gone "$target"
target=
script -qc 'sleep 1000' /dev/null </dev/null >/dev/null 2>&1 &
other=$!
disown "$other"
has_taken() {
	[ -e "$slave" ]
}
if eventually has_taken; then
	refused 'its number is taken at restore' 3 "pseudo-terminal ${slave##*/} is taken" "'script'" "pid $other\b" -- \
		"$cr_restore" -d -i "$scratch/app.tar.zst"
	refused 'its number is taken at restore, --check' 3 "pseudo-terminal ${slave##*/} is taken" -- \
		"$cr_restore" --check -i "$scratch/app.tar.zst"
else
	fail 'its number is taken at restore' "script has not opened $slave"
fi
[ "$(cat "/proc/$other/comm")" = script ] && kill -TERM "$other"
eventually gone "$other"

# A terminal outside, of which the target has descriptors, and then one that is its controlling terminal as well.
# start_in_terminal COMMAND...: like start_target.
start_in_terminal() {
	rm -f "$scratch/ticks"
	script -qc "exec $* $build/tests/refusal/refusal_target $scratch/ticks >/dev/null" /dev/null </dev/null >/dev/null 2>&1 &
	other=$!
	disown "$other"
	eventually test -s "$scratch/ticks" || fail "start a target in a terminal"
	target=$(pgrep -x refusal_target -P "$other" || pgrep -n -x refusal_target)
	started+=("$target")
	picture_of "$target" >"$scratch/picture"
}

start_in_terminal setsid -w
refused 'a terminal outside' 3 "\b$target\b" 'fd 0\b' '/dev/pts/[0-9]' "'script'" "pid $other\b" '--shell-job' -- \
	"$cr_dump" -t "$target" -o "$out"
works 'a terminal outside, -j' "$cr_dump" -j -t "$target" --check
works 'a terminal outside is dumped' "$cr_dump" -j -R -t "$target" -o "$scratch/job.tar.zst"
stop_target
refused 'restore without a terminal' 3 'no terminal' '--shell-job' -- setsid "$cr_restore" -j -d -i "$scratch/job.tar.zst"
refused 'restore without -j' 3 '--shell-job' -- setsid "$cr_restore" -d -i "$scratch/job.tar.zst"
eventually gone "$other"

start_in_terminal
refused 'a controlling terminal outside' 3 "\b$target\b" 'controlling terminal' "'script'" "pid $other\b" -- \
	"$cr_dump" -t "$target" -o "$out"
refused 'a controlling terminal outside, of a session leader, -j' 3 "\b$target\b" 'controlling terminal' \
	"'script'" -- "$cr_dump" -j -t "$target" -o "$out"
stop_target
eventually gone "$other"

exit "$failed"
