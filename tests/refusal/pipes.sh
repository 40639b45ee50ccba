#!/bin/bash
# SPDX-License-Identifier: MIT
# Pipes that lead out of what is dumped: refused, saying who holds what at both ends. Those that do not are taken.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
reader=0 writer=0 sharer=0 # processes outside

# What every such refusal says: which process and descriptor it is, that it is a pipe, and who has it outside.
pipe='pipe:\[[0-9]+\]'

# outside PATTERN...: the target is refused in every way.
outside() {
	local name=$1
	shift
	refused "$name" 3 "\b$target\b" 'refusal_target' "$pipe" "$@" -- "$cr_dump" -t "$target" -o "$out"
	refused "$name, -R" 3 "\b$target\b" "$@" -- "$cr_dump" -R -t "$target" -o "$out"
	refused "$name, --check" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" --check
	stop_target
}

# note NAME: remembers the process that was just started as holder of the other end. Until it is what it is to be, it has
# more descriptors than that.
note() {
	printf -v "$1" %d "$!"
	started+=("$!")
	eventually grep -qxE "sleep|refusal_sender" "/proc/$!/comm" || fail "start a holder"
}

start_target pipe
works 'both ends inside' "$cr_dump" -t "$target" --check
stop_target
start_target broken-pipe
works 'no other end' "$cr_dump" -t "$target" --check
stop_target

refused_with pipe-unread "$pipe \(write end\)" 'nobody can read' 'O_ASYNC'
refused_with fifo-late-reader "FIFO '/tmp/cr-fifo\." 'opened for reading again'
refused_with fifo-not-followed "'/tmp/cr-fifo\..*O_NOFOLLOW"

exec 7> >(exec sleep 1000)
note reader
start_target
exec 7>&-
outside 'the reader is outside' "fd 7: $pipe \(write end\)" "'sleep' \(pid $reader, fd 0\)" 'SIGPIPE'

exec 7< <(exec sleep 1000)
note writer
start_target
exec 7<&-
outside 'the writer is outside' "fd 7: $pipe \(read end\)" "'sleep' \(pid $writer, fd 1\)" 'end of file'

# Opened for reading and writing, the target needs nobody else; but the other would be alone after a restore.
exec 7> >(exec sleep 1000)
note sharer
exec 8<>/proc/self/fd/7 7>&-
start_target
exec 8<&-
outside 'another reader is outside' "fd 8: $pipe \(both ends\)" "shared with 'sleep' \(pid $sharer, fd 0\)"

exec 7> >(exec sleep 1000)
note reader
exec 8< <(exec sleep 1000)
note writer
exec 9> >(exec sleep 1000)
note sharer
start_target
exec 7>&- 8<&- 9>&-
outside 'three at once' 'fd 7: ' "\(pid $reader, fd 0\)" 'fd 8: ' "\(pid $writer, fd 1\)" 'fd 9: ' "\(pid $sharer, fd 0\)"

# In a message that nobody has received the other end is open, and nobody can be seen to have it.
exec 7> >(exec sleep 1000)
note reader
exec 8</proc/self/fd/7
"$build/tests/refusal/refusal_sender" 8 >"$scratch/sent" 7>&- &
note sharer
disown "$sharer"
eventually test -s "$scratch/sent" || fail 'leave a descriptor in a queue'
exec 8<&-
kill -KILL "$reader"
eventually gone "$reader"
start_target
exec 7>&-
outside 'the reader is in a message' "fd 7: $pipe \(write end\)" 'read end is open' 'cannot be seen'

exit "$failed"
