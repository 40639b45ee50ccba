#!/bin/bash
# SPDX-License-Identifier: MIT
# Outputs that cannot be written: the message names them, the program runs on, nothing is left behind.
set -u
# In a mount namespace of its own, and so the target too: what is mounted here is gone with it.
if [ -z "${REFUSAL_OWN_MOUNTS-}" ] && unshare -m true 2>/dev/null; then
	REFUSAL_OWN_MOUNTS=1 exec unshare -m "$0" "$@"
fi
. tests/refusal/lib.bash

start_target memory=8

mkdir "$scratch/directory"
refused 'a directory' 1 "$scratch/directory" 'director' -- "$cr_dump" -t "$target" -o "$scratch/directory"
[ -z "$(ls -A "$scratch/directory")" ] || fail 'a directory: nothing in it' "$(ls -A "$scratch/directory")"
refused 'a directory that is not there' 1 "$scratch/none/app.tar.zst" 'no such file' -- \
	"$cr_dump" -t "$target" -o "$scratch/none/app.tar.zst"
echo text >"$scratch/file"
refused 'below a file' 1 "$scratch/file/app.tar.zst" 'not a directory' -- \
	"$cr_dump" -t "$target" -o "$scratch/file/app.tar.zst"
refused 'where nobody may write' 1 '/proc/app.tar.zst' -- "$cr_dump" -t "$target" -o /proc/app.tar.zst

refused 'no room on standard output' 1 'standard output|write' 'no space' -- \
	sh -c '"$0" -t "$1" -o - >/dev/full' "$cr_dump" "$target"
# a reader that goes away must not end cr-dump by SIGPIPE, in the middle
refused 'a pipe whose reader has gone' 1 'pipe' -- \
	bash -c '"$0" -t "$1" -o - | head -c 10 >/dev/null; exit "${PIPESTATUS[0]}"' "$cr_dump" "$target"

# An archive that is there already survives a dump that fails.
echo precious >"$scratch/directory/app.tar.zst"
if [ -n "${REFUSAL_OWN_MOUNTS-}" ]; then
	mkdir "$scratch/small"
	refused 'no room' 1 "$scratch/small/app.tar.zst" 'no space' -- bash -c '
		mount -t tmpfs -o size=1m none "$2" && echo precious >"$2/app.tar.zst" || exit 99
		"$0" -t "$1" -o "$2/app.tar.zst"
		status=$?
		[ "$(ls -A "$2")" = app.tar.zst ] || { echo "left behind: $(ls -A "$2")" >&2; exit 98; }
		[ "$(cat "$2/app.tar.zst")" = precious ] || { echo "the old archive is gone" >&2; exit 97; }
		exit "$status"' "$cr_dump" "$target" "$scratch/small"
else
	skip 'no room' 'no mount namespaces here'
fi

mountpoint -q "$scratch/small" && umount "$scratch/small"
exit "$failed"
