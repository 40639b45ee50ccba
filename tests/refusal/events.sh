#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of the kernel's own kinds in states that cannot be preserved.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst

# holds WHAT PATTERN...: a target that holds WHAT, as its descriptor 20, is refused.
holds() {
	local what=$1
	shift
	start_target "$what"
	refused "$what" 3 "\b$target\b" 'fd 20\b' "$@" -- "$cr_dump" -t "$target" -o "$out"
	refused "$what, --check" 3 "\b$target\b" 'fd 20\b' "$@" -- "$cr_dump" -t "$target" --check
	stop_target
}

# shares WHAT: what works alone is refused while a process outside of the dump has it open as well.
shares() {
	local holder
	rm -f "$scratch/holder"
	start_target "$1"
	works "$1, alone" "$cr_dump" -t "$target" --check
	"$build/tests/refusal/refusal_holder" "$target" 20 >"$scratch/holder" &
	holder=$!
	disown "$holder"
	started+=("$holder")
	eventually test -s "$scratch/holder" || fail "$1, shared: no holder"
	refused "$1, shared" 3 "\b$target\b" 'fd 20\b' "$1" "\b$holder\b" 'refusal_holder' \
		"fd $(cat "$scratch/holder")\b" -- "$cr_dump" -t "$target" -o "$out"
	kill -KILL "$holder"
	eventually gone "$holder"
	works "$1, alone again" "$cr_dump" -t "$target" --check
	stop_target
}

holds eventfd-overflown 'eventfd' 'overflown'
shares eventfd
shares timerfd

exit "$failed"
