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
holds terminal-gone 'fd 21\b' 'pseudo-terminal that is gone'
holds terminal-discipline 'fd (11|21)\b' 'line discipline'

# What waits can be looked at by who may read the kernel's memory.
if command -v setpriv >/dev/null; then
	start_target terminal-unread
	works 'output waits' "$cr_dump" -t "$target" --check
	refused 'output waits, and cannot be looked at' 3 "\b$target\b" 'fd 11\b' '6 bytes wait' 'CAP_BPF' -- \
		setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$cr_dump" -t "$target" -o "$out"
	stop_target
	start_target terminal
	works 'nothing waits, which can be seen without' \
		setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$cr_dump" -t "$target" --check
	grep -q 'what has been typed of a line' "$scratch/stderr" || fail 'a warning says that a line cannot be seen'
	stop_target
else
	skip 'output waits' 'setpriv is not installed'
fi

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

# Numbers are those of one devpts: one of the same number in a container is none of ours. The lower ones are taken first.
own_devpts='mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts || exit
for ((number = 0; number < $1; number++)); do exec {master}<>/dev/ptmx; done
shift
exec "$@"'
if unshare --mount bash -c "$own_devpts" bash 0 true 2>/dev/null; then
	unshare --mount bash -c "$own_devpts" bash "${slave##*/}" "$build/tests/refusal/refusal_target" "$scratch/other-ticks" terminal \
		</dev/null >/dev/null 2>&1 &
	other=$!
	disown "$other"
	started+=("$other")
	eventually test -s "$scratch/other-ticks"
	[ "$(readlink "/proc/$other/fd/21")" = "$slave" ] || fail "the same number in a container: $slave is not there"
	works 'the same number in a container' "$cr_dump" -t "$target" --check
	works 'the same number in a container, dumped' "$cr_dump" -R -t "$target" -o "$scratch/container.tar.zst"
else
	other=
	skip 'the same number in a container' 'cannot mount devpts'
fi

# Its number is taken when it is to be restored.
works 'a pseudo-terminal is dumped' "$cr_dump" -t "$target" -o "$scratch/app.tar.zst"
eventually gone "$target"
target=
works 'its number is free' "$cr_restore" --check -i "$scratch/app.tar.zst"
[ -z "$other" ] || kill -KILL "$other"
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

# A console that has become the controlling one of a leader that opened it, and then, after the dump, another's.
console=/dev/tty32
# on_console COMMAND...
on_console() {
	# shellcheck disable=SC2016 # for the inner shell
	setsid sh -c 'console=$1; shift; exec "$@" <"$console"' sh "$console" "$@" >/dev/null 2>&1 &
	target=$!
	disown "$target"
	started+=("$target")
}
has_console() {
	[ "$(awk '{ print $7 }' "/proc/$target/stat")" = $((4 << 8 | 32)) ]
}
if [ "$(id -u)" = 0 ] && [ -e "$console" ]; then
	rm -f "$scratch/ticks"
	on_console "$build/tests/refusal/refusal_target" "$scratch/ticks"
	eventually test -s "$scratch/ticks" || fail 'start a target on a console'
	if has_console; then
		works 'dump a program on a console' "$cr_dump" -t "$target" -o "$scratch/console.tar.zst"
		eventually gone "$target"
		works 'the console is free' "$cr_restore" --check -i "$scratch/console.tar.zst"
		on_console sleep 1000
		eventually has_console || fail 'a console for another'
		other=$target target=
		refused 'the console is that of another session' 3 "$console" "'sleep'" "pid $other\b" -- \
			"$cr_restore" -d -i "$scratch/console.tar.zst"
		kill "$other"
	else
		skip 'a console' "$console is in use"
		stop_target
	fi
else
	skip 'a console' 'there is none, or not for us'
fi

exit "$failed"
