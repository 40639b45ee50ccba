#!/bin/bash
# SPDX-License-Identifier: MIT
# Semaphores and message queues that are gone, or are others, when a program comes back: in an IPC namespace of its own,
# so that none of the host is touched.
set -u
if [ -z "${IPC_NAMESPACE-}" ]; then
	if ! unshare --ipc true 2>/dev/null; then
		echo "ok - refusal/ipc # SKIP an IPC namespace cannot be made"
		exit 0
	fi
	IPC_NAMESPACE=1 exec unshare --ipc "$0" "$@"
fi
. tests/refusal/lib.bash

archive=$scratch/app.tar.zst
key=0x43520007

# The value of the only semaphore, or nothing.
semaphore_value() {
	ipcs -s -i "$1" 2>/dev/null | awk '$1 == "0" && NF == 5 { print $2 }'
}
the_set() {
	ipcs -s | awk -v key="$key" '$1 == key { print $2 }'
}
has_value() {
	[ "$(semaphore_value "$1")" = "$2" ]
}

# It has taken one of three, which is undone at its end.
start_target semaphore
set_id=$(the_set)
has_value "$set_id" 2 || fail 'the target has a semaphore' "$(ipcs -s)"
works 'dump a program with a semaphore' "$cr_dump" -t "$target" -o "$archive" || exit 1
eventually has_value "$set_id" 3 || fail 'its end gives the semaphore back' "$(ipcs -s -i "$set_id")"
was=$target target=

ipcrm -s "$set_id"
works 'it comes back, and its semaphore with it' "$cr_restore" -d -i "$archive"
if ! has_value "$set_id" 2 || [ "$(the_set)" != "$set_id" ]; then
	fail 'the semaphore is as it was' "$(ipcs -s)"
fi
kill -KILL "$was"
eventually gone "$was"
eventually has_value "$set_id" 3 || fail 'its end gives the semaphore back again' "$(ipcs -s -i "$set_id")"

# The same key, and another set.
ipcrm -s "$set_id"
"$build/tests/refusal/refusal_target" "$scratch/other" semaphore </dev/null >/dev/null 2>&1 &
other=$!
disown
started+=("$other")
eventually test -s "$scratch/other"
refused 'another set has the key' 3 "semaphore set $set_id" "$key" 'ipcs -s' -- "$cr_restore" -d -i "$archive"
gone "$was" || fail 'another set has the key: nothing is started'

exit "$failed"
