#!/bin/bash
# SPDX-License-Identifier: MIT
# --new-pid-ns: beside the program that was dumped, which holds its ids; whoever is ended, nothing is left behind.
set -u
. tests/refusal/lib.bash

archive=$scratch/app.tar.zst pidfile=$scratch/pid

if ! unshare --pid --fork --mount-proc true 2>/dev/null; then
	skip 'all of it' 'no pid namespace can be made here'
	exit 0
fi

# Prints the pids of all processes of the program: those of that name but the one that still runs.
restored() {
	pgrep -f "refusal_target $scratch/ticks" | grep -vx "$target"
}
nothing_restored() {
	! restored >/dev/null && ! pgrep -f "cr-restore.*$archive" >/dev/null
}
parent_of() {
	sed -n 's/^PPid:\t//p' "/proc/$1/status"
}
# foreground NAME: starts a restore, $restore, and waits until the program, $was, runs.
foreground() {
	rm -f "$pidfile"
	"$cr_restore" --new-pid-ns --pidfile "$pidfile" -i "$archive" </dev/null >/dev/null 2>"$scratch/stderr" &
	restore=$!
	if ! eventually test -s "$pidfile"; then
		fail "$1: it runs" "$(cat "$scratch/stderr")"
		return 1
	fi
	was=$(cat "$pidfile")
	started+=("$was")
}
# ends_with NAME STATUS: so does $restore, and nothing is left.
ends_with() {
	local status
	wait "$restore" 2>/dev/null
	status=$?
	if [ "$status" -ne "$2" ]; then
		fail "$1" "exit status $status, not $2; it said: $(cat "$scratch/stderr")"
	elif eventually nothing_restored; then
		pass "$1"
	else
		fail "$1" "left behind: $(pgrep -af "refusal_target|cr-restore.*$archive")"
	fi
}

start_target thread
works 'dump, leave running' "$cr_dump" -R -t "$target" -o "$archive" || exit 1
works 'the ids are taken, --check' "$cr_restore" --new-pid-ns --check -i "$archive"

if works 'the ids are taken' "$cr_restore" -d --new-pid-ns --pidfile "$pidfile" -i "$archive"; then
	was=$(cat "$pidfile")
	started+=("$was")
	if [ "$(sed -n 's/^NSpid:\t//p' "/proc/$was/status")" = "$was	$target" ]; then
		pass 'it has its id inside, and the pid file says which outside'
	else
		fail 'it has its id inside, and the pid file says which outside' "$(grep NSpid "/proc/$was/status")"
	fi
	init=$(parent_of "$was")
	if readlink "/proc/$init/fd/"* | grep -qvx /dev/null | grep -v signalfd; then
		fail 'the init holds nothing of the caller' "$(ls -l "/proc/$init/fd")"
	fi
	kill -TERM "$init"
	if eventually nothing_restored; then
		pass 'the init passes signals on and ends with the program'
	else
		fail 'the init passes signals on and ends with the program' "$(pgrep -af refusal_target)"
	fi
fi

if foreground 'in the foreground'; then
	kill -TERM "$restore"
	ends_with 'cr-restore passes signals on and ends as the program does' 143
fi
if foreground 'the program is killed'; then
	kill -KILL "$was"
	ends_with 'the program is killed' 137
fi
if foreground 'the init is killed'; then
	kill -KILL "$(parent_of "$was")"
	ends_with 'the init is killed' 137
	grep -q 'init of the new pid namespace, was ended by SIGKILL' "$scratch/stderr" ||
		fail 'the init is killed: cr-restore says so' "$(cat "$scratch/stderr")"
fi

size=$(stat -c %s "$archive")
refused 'a cut off stream' 4 'cut off' -- \
	bash -c 'head -c "$2" "$1" | "$0" --new-pid-ns -d -i -' "$cr_restore" "$archive" $((size - 100))
eventually nothing_restored || fail 'a cut off stream: nothing is left' "$(pgrep -af "refusal_target")"
if command -v capsh >/dev/null; then
	refused 'without CAP_SYS_ADMIN' 3 '--new-pid-ns: .*CAP_SYS_ADMIN' -- capsh --drop=cap_sys_admin -- -c \
		'"$0" --new-pid-ns -d -i "$1"' "$cr_restore" "$archive"
fi

# The init of a namespace cannot be had again; what runs beside it is dumped from inside.
stop_target
unshare --pid --mount-proc --fork bash -c 'setsid "$0" "$1" & wait' \
	"$build/tests/refusal/refusal_target" "$scratch/inner" </dev/null >/dev/null 2>&1 &
disown
eventually test -s "$scratch/inner"
inner=$(pgrep -f "^[^ ]*refusal_target $scratch/inner")
started+=("$inner")
refused 'in another pid namespace' 3 'another pid namespace' "nsenter -t $inner -a cr-dump" -- \
	"$cr_dump" -t "$inner" -o "$scratch/out/app.tar.zst"
if works 'dump it from inside' nsenter -t "$inner" -a "$cr_dump" -t 2 -R -o "$archive"; then
	# What is ours has low ids as well, were it not seen to.
	foreground 'a program with a low id' && kill -KILL "$was" && wait "$restore" 2>/dev/null
fi
refused 'the init of a namespace' 3 'init of its pid namespace' -- \
	nsenter -t "$inner" -p -m "$cr_dump" -t 1 -o "$scratch/out/app.tar.zst"
exit "$failed"
