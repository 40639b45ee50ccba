#!/bin/bash
# SPDX-License-Identifier: MIT
# Processes that cannot be dumped, whoever they are.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst

# A number that no process has: pids are given out upwards.
free=$(($(cat /proc/sys/kernel/pid_max) - 1))
while [ -e "/proc/$free" ]; do
	free=$((free - 1))
done
refused 'no such process' 1 "\b$free\b" 'no such process|does not exist|no process' -- "$cr_dump" -t "$free" -o "$out"
refused 'no such process, --check' 1 "\b$free\b" -- "$cr_dump" -t "$free" --check

# The parent becomes a sleep, which never asks for its child.
setsid sh -c 'true & echo $! >"$1"; exec sleep 1000' sh "$scratch/zombie" </dev/null >/dev/null 2>&1 &
disown
started+=("$!")
is_zombie() {
	grep -q '^State:	Z' "/proc/$(cat "$scratch/zombie")/status"
}
if eventually is_zombie; then
	refused 'a zombie' 3 "\b$(cat "$scratch/zombie")\b" 'zombie' -- "$cr_dump" -t "$(cat "$scratch/zombie")" -o "$out"
else
	skip 'a zombie' 'could not make one'
fi

if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	refused 'a kernel thread' 3 '\b2\b' 'kthreadd' 'kernel thread' -- "$cr_dump" -t 2 -o "$out"
else
	skip 'a kernel thread' 'none can be seen from here'
fi

refused 'itself' 3 'itself|own|cr-dump \(' -- sh -c 'exec "$0" -t $$ -o "$1"' "$cr_dump" "$out"
refused 'its own parent' 3 'cr-dump' -- sh -c '"$0" -t $$ -o "$1"; exit $?' "$cr_dump" "$out"

start_target
"$build/tests/refusal/refusal_tracer" "$target" >"$scratch/tracing" &
tracer=$!
disown
started+=("$tracer")
if eventually test -s "$scratch/tracing"; then
	refused 'already traced, by whom' 3 "\b$target\b" "\b$tracer\b" 'refusal_tracer' -- "$cr_dump" -t "$target" -o "$out"
	refused 'already traced, --check' 3 "\b$tracer\b" -- "$cr_dump" -t "$target" --check
	kill -0 "$tracer" 2>/dev/null || fail 'the tracer is unharmed'
else
	skip 'already traced' 'could not trace here'
fi
kill -KILL "$tracer"
eventually gone "$tracer"
tracer=0

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	skip 'not permitted' 'needs root and setpriv'
else
	# where another user can get at them, which is not sure of this folder
	cp "$cr_dump" "$scratch/cr-dump"
	chmod 777 "$scratch/out"
	refused 'not permitted' 1 "\b$target\b" 'permi' -- \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$scratch/cr-dump" -t "$target" -o "$out"
	chmod 755 "$scratch/out"
fi

# A thread is not a process; the message should lead to the process.
stop_target
start_target thread
for thread in /proc/"$target"/task/*; do
	[ "${thread##*/}" = "$target" ] || refused 'a thread' 3 "\b${thread##*/}\b" "\b$target\b" 'thread' -- \
		"$cr_dump" -t "${thread##*/}" -o "$out"
done

exit "$failed"
