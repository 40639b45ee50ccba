#!/bin/bash
# SPDX-License-Identifier: MIT
# What a process holds that is not supported: refused by name, with pid and descriptor, all of it at once.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
dump=("$cr_dump")
no_resource=(setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$cr_dump")

# holds WHAT STATUS PATTERN...: a target that holds WHAT (words) is refused, by a dump and by a check.
holds() {
	local what=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	start_target $what
	refused "$what" 3 "\b$target\b" "$@" -- "${dump[@]}" -t "$target" -o "$out"
	refused "$what, -R" 3 "\b$target\b" "$@" -- "${dump[@]}" -R -t "$target" -o "$out"
	refused "$what, --check" 3 "\b$target\b" "$@" -- "${dump[@]}" -t "$target" --check
	refused "$what, to standard output" 3 "\b$target\b" "$@" -- "${dump[@]}" -t "$target" -o -
	[ ! -s "$scratch/stdout" ] || fail "$what: nothing on standard output"
	stop_target
}

holds tcp 'socket|tcp' 'fd 9\b'
holds own-directory 'a working directory, root and umask of its own'
if unshare --time true 2>/dev/null; then
	holds time-namespace 'a time namespace for its children'
else
	skip time-namespace 'no time namespace can be made'
fi
dump=("${no_resource[@]}")
holds no-room '64 KiB' 'CAP_SYS_RESOURCE'
dump=("$cr_dump")
holds no-place 'has no vdso'
holds 'tcp own-directory' 'fd 9\b' 'tcp' 'a working directory'

# A thread that may look at any process is asked in another way than one that may not.
timeout 1 "$build/tests/refusal/refusal_target" "$scratch/ticks" landlock-domain 2>/dev/null
if [ $? -eq 124 ]; then
	holds landlock-domain 'in a Landlock domain'
	holds landlock-thread 'thread [0-9]*: is in a Landlock domain'
	holds 'landlock-domain nobody' 'in a Landlock domain'
else
	skip landlock 'this kernel has no Landlock, or was booted without'
fi
if grep -q . /proc/keys; then
	holds thread-key 'has keys in its thread keyring .*1\)'
	holds process-key 'has keys in its process keyring .*1\)'
else
	skip keys 'this kernel has no keys'
fi
start_target nobody
works 'a check of a process without privileges' "$cr_dump" -t "$target" --check
trouble=$(harm)
[ -z "$trouble" ] || fail 'a check of a process without privileges does no harm' "$trouble"
stop_target

start_target thread
works 'a check of what can be dumped' "$cr_dump" -t "$target" --check
trouble=$(harm)
[ -z "$trouble" ] || fail 'a check does no harm' "$trouble"

# One that was killed has left a thread waiting inside of its code, for which there is no room to do more: the next one
# lets it go its way first.
start_target no-room
"${no_resource[@]}" -t "$target" -o "$out" </dev/null >/dev/null 2>&1 &
dumper=$!
asks_for_room() {
	grep -q '^128 ' "/proc/$target/syscall" # rt_sigtimedwait, which the target itself does not use
}
if eventually asks_for_room; then
	kill -KILL "$dumper"
	wait "$dumper" 2>/dev/null
	refused 'after a dump that was killed' 3 "\b$target\b" '64 KiB' -- "${no_resource[@]}" -t "$target" -o "$out"
else
	fail 'after a dump that was killed' "it was not seen at work: $(cat "/proc/$target/syscall")"
fi
stop_target

# Of a thread that was stopped for the second time in its sleep, it can be told what it sleeps in only by letting it sleep.
# With a signal waiting for it, it would not, and must not take the signal before it is continued.
setsid sleep 1000 </dev/null >/dev/null 2>&1 &
sleeper=$!
disown
started+=("$sleeper")
sleeps_again() {
	grep -q '^219 ' "/proc/$sleeper/syscall" # restart_syscall
}
is_stopped() {
	grep -q '^State:	T' "/proc/$sleeper/status"
}
term_waits() {
	grep -q '^ShdPnd:	0000000000004000' "/proc/$sleeper/status"
}
eventually grep -q '^sleep$' "/proc/$sleeper/comm"
eventually grep -q '^230 ' "/proc/$sleeper/syscall" # clock_nanosleep
kill -STOP "$sleeper"
eventually is_stopped
kill -CONT "$sleeper"
if eventually sleeps_again; then
	kill -STOP "$sleeper"
	eventually is_stopped
	kill -TERM "$sleeper"
	refused 'stopped again, a signal waits' 3 "\b$sleeper\b" 'SIGCONT' -- "$cr_dump" -t "$sleeper" -o "$out"
	if is_stopped && term_waits; then
		kill -CONT "$sleeper"
		eventually gone "$sleeper" || fail 'stopped again, a signal waits: it is taken afterwards'
	else
		fail 'stopped again, a signal waits: it still does' "$(grep -E '^(State|S..Pnd)' "/proc/$sleeper/status")"
	fi
else
	skip 'stopped again, a signal waits' "sleep does not sleep in a call that is restarted: $(cat "/proc/$sleeper/syscall")"
fi

exit "$failed"
