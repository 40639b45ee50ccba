#!/bin/bash
# SPDX-License-Identifier: MIT
# FIFOs that others have open, and FIFOs that are not what they were.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
archive=$scratch/app.tar.zst
fifo=$scratch/fifo
mkfifo "$fifo"

# outside NAME PATTERN...: the target is refused, saying which FIFO it is.
outside() {
	local name=$1
	shift
	refused "$name" 3 "\b$target\b" 'refusal_target' "FIFO '$fifo'" "$@" -- "$cr_dump" -t "$target" -o "$out"
	refused "$name, --check" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" --check
	stop_target
}

# hold FD: starts a process that has our descriptor FD as its standard input, and nothing else of ours.
hold() {
	sleep 1000 <&"$1" >/dev/null 2>&1 7>&- 8>&- &
	holder=$!
	started+=("$holder")
	disown "$holder"
	eventually grep -q '^sleep$' "/proc/$holder/comm"
}
holder=0

release() {
	kill -KILL "$holder"
	eventually gone "$holder"
}

exec 8<>"$fifo"
exec 7>"$fifo"
start_target 8>&-
hold 8
exec 7>&- 8>&-
outside 'the reader is outside' "fd 7: FIFO '.*' \(write end\)" "'sleep' \(pid $holder, fd 0\)" 'SIGPIPE'
release

exec 8<>"$fifo"
exec 7<"$fifo"
start_target 8>&-
hold 8
exec 7<&- 8>&-
outside 'the writer is outside' "fd 7: FIFO '.*' \(read end\)" "'sleep' \(pid $holder, fd 0\)" 'end of file'
release

exec 7<>"$fifo"
start_target
hold 7
exec 7>&-
outside 'another has it too' "fd 7: FIFO '.*' \(both ends\)" "shared with 'sleep' \(pid $holder, fd 0\)"
release

exec 7<>"$fifo"
start_target
exec 7>&-
works 'nobody else has it' "$cr_dump" -t "$target" --check
rm "$fifo"
mkfifo "$fifo"
works 'another has its name now' "$cr_dump" -t "$target" --check
stop_target

exec 7<>"$fifo"
start_target
exec 7>&-
was=$target
if works 'dump' "$cr_dump" -t "$target" -o "$archive"; then
	eventually gone "$was"
	target=
	exec 8<>"$fifo"
	hold 8
	exec 8>&-
	refused 'another has it open now' 3 "pid $was: fd 7: the FIFO '$fifo'" "'sleep' \(pid $holder, fd 0\)" -- \
		"$cr_restore" -d -i "$archive"
	refused 'another has it open now, --check' 3 "pid $was: fd 7: the FIFO '$fifo'" -- \
		"$cr_restore" --check -i "$archive"
	release
	works 'nobody has it, --check' "$cr_restore" --check -i "$archive"
	rm "$fifo"
	refused 'it is missing' 3 "'$fifo'" 'missing' -- "$cr_restore" -d -i "$archive"
	echo >"$fifo"
	refused 'it is a file now' 3 "'$fifo'" 'a regular file' 'a FIFO' -- "$cr_restore" -d -i "$archive"
	gone "$was" || fail 'nothing is started'
fi

exit "$failed"
