#!/bin/bash
# SPDX-License-Identifier: MIT
# Inputs that are no archive, or no whole one: status 4, whatever was asked for, and nothing is started.
set -u
. tests/refusal/lib.bash

good=$scratch/good.tar.zst
start_target memory=2
works 'dump' "$cr_dump" -t "$target" -o "$good" || exit 1
was=$target
eventually gone "$was"
target=

# bad NAME FILE PATTERN...: no mode takes FILE, and the dumped process does not come back.
bad() {
	local name=$1 file=$2 mode
	shift 2
	for mode in --detach --check --verify; do
		refused "$name, $mode" 4 "$file" "$@" -- "$cr_restore" "$mode" -i "$file"
		gone "$was" || fail "$name, $mode: nothing is started"
	done
}

refused 'no such file' 1 "$scratch/none.tar.zst" 'no such file' -- "$cr_restore" -i "$scratch/none.tar.zst"
refused 'a directory' 1 "$scratch" 'director' -- "$cr_restore" -i "$scratch"

: >"$scratch/empty.tar.zst"
bad 'an empty file' "$scratch/empty.tar.zst"
echo 'Dear Sir or Madam' >"$scratch/text.tar.zst"
bad 'a text' "$scratch/text.tar.zst" 'not an archive|not a .*archive|zstd'
(cd "$scratch" && tar -cf - text.tar.zst | zstd -q) >"$scratch/other.tar.zst"
bad 'the archive of something else' "$scratch/other.tar.zst" 'manifest|seek table'
tar -C "$scratch" -cf "$scratch/plain.tar.zst" text.tar.zst
bad 'a tar that is not compressed' "$scratch/plain.tar.zst"

size=$(stat -c %s "$good")
for part in 1 10 50 90 99; do
	head -c $((size * part / 100)) "$good" >"$scratch/cut.tar.zst"
	bad "cut off at $part %" "$scratch/cut.tar.zst"
done
# the tar is whole, but its seal is not there
zstd -dqc "$good" | tar --delete seal.pb 2>/dev/null | zstd -q >"$scratch/unsealed.tar.zst"
bad 'without its seal' "$scratch/unsealed.tar.zst" 'cut off|seal'

# flip_bit OFFSET: makes flipped.tar.zst, which differs from the good one in one bit.
flip_bit() {
	local byte
	byte=$(od -An -tu1 -j "$1" -N 1 "$good")
	cp "$good" "$scratch/flipped.tar.zst"
	printf '%b' "\\x$(printf %02x $((byte ^ 4)))" |
		dd of="$scratch/flipped.tar.zst" bs=1 seek="$1" conv=notrunc status=none
}
for part in 0 2 25 50 75 95; do
	flip_bit $((size * part / 100))
	bad "a flipped bit at $part %" "$scratch/flipped.tar.zst"
done

# by a pipe as well, which cannot be looked at twice
refused 'cut off, by a pipe' 4 'cut off|standard input|truncated' -- \
	bash -c 'head -c "$2" "$1" | "$0" -d -i -' "$cr_restore" "$good" $((size / 2))
gone "$was" || fail 'cut off, by a pipe: nothing is started'

# the good one is good
works 'verify' "$cr_restore" --verify -i "$good"
works 'restore' "$cr_restore" -d -i "$good" && started+=("$was")
eventually ticks_beyond "$(cat "$scratch/ticks")" || fail 'restore: it counts again'
# what was restored is no child of this shell: its end is not waited for, only asked for
kill -KILL "$was" 2>/dev/null

exit "$failed"
