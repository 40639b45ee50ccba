#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of the kernel's own kinds in states that cannot be preserved.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst

# hold_with FD: a process outside that shares this descriptor of the target; its pid in $holder.
hold_with() {
	rm -f "$scratch/holder"
	"$build/tests/refusal/refusal_holder" "$target" "$1" >"$scratch/holder" &
	holder=$!
	disown "$holder"
	started+=("$holder")
	eventually test -s "$scratch/holder" || fail "no holder of fd $1"
}

end_holder() {
	kill -KILL "$holder"
	eventually gone "$holder"
}

# shares WHAT: what works alone is refused while a process outside of the dump has it open as well.
shares() {
	start_target "$1"
	works "$1, alone" "$cr_dump" -t "$target" --check
	hold_with 20
	refused "$1, shared" 3 "\b$target\b" 'fd 20\b' "$1" "\b$holder\b" 'refusal_holder' \
		"fd $(cat "$scratch/holder")\b" -- "$cr_dump" -t "$target" -o "$out"
	end_holder
	works "$1, alone again" "$cr_dump" -t "$target" --check
	stop_target
}

refused_with eventfd-overflown 'eventfd' 'overflown'
shares eventfd
shares timerfd
shares epoll
refused_with epoll-signalfd-moved 'epoll|watches' 'number 21\b' 'signalfd'

refused_with pidfd-outside 'pidfd' 'not part of the dump'
shares 'message queue'
refused_with mqueue-filled 'message queue' '1 messages' 'unlinked'
refused_with mqueue-notified 'queue' 'mq_notify'
shares inotify
if [ "$(id -u)" -eq 0 ] && [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 2)" = 0 ]; then
	shares io_uring
else
	skip 'io_uring, shared' 'needs root, and io_uring'
fi
refused_with inotify-queued 'inotify' '32 bytes' 'not read yet'

is_closed() {
	[ ! -e "/proc/$target/fd/21" ]
}

# What it watches is open outside only.
start_target epoll-watching
hold_with 21
refused 'epoll, whose target is shared' 3 "\b$target\b" 'fd 21\b' "\b$holder\b" -- "$cr_dump" -t "$target" --check
kill -USR1 "$target"
eventually is_closed
picture_of "$target" >"$scratch/picture"
refused 'epoll, whose target is open outside only' 3 "\b$target\b" 'fd 20\b' 'number 21\b' "\b$holder\b" \
	'refusal_holder' -- "$cr_dump" -t "$target" -o "$out"
end_holder
works 'epoll, whose target is gone' "$cr_dump" -t "$target" --check
stop_target

# A deleted file is watched as long as anybody has it open.
start_target inotify-deleted
works 'inotify, of a deleted file that is open' "$cr_dump" -t "$target" --check
hold_with 21
kill -USR1 "$target"
eventually is_closed
picture_of "$target" >"$scratch/picture"
refused 'inotify, of a deleted file that is open outside only' 3 "\b$target\b" 'fd 20\b' 'watch 1\b' 'deleted' -- \
	"$cr_dump" -t "$target" -o "$out"
end_holder
refused 'inotify, of a deleted file that is gone' 3 "\b$target\b" '16 bytes' 'not read yet' -- \
	"$cr_dump" -t "$target" -o "$out"
stop_target

exit "$failed"
