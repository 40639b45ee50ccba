#!/bin/bash
# SPDX-License-Identifier: MIT
# Files that a mount hides: found by their handles, or refused. In a mount namespace of its own.
set -u
if [ -z "${HIDDEN_FILES_INSIDE:-}" ]; then
	if unshare --mount --propagation private true 2>/dev/null; then
		HIDDEN_FILES_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
	fi
	echo 'ok - refusal/hidden_files # SKIP nothing can be mounted'
	exit 0
fi
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
archive=$scratch/app.tar.zst
dir=$scratch/dir
file=$dir/file
mkdir "$dir"

# dump_with_7: dumps a target that inherits what the shell has open as 7; sets $was.
dump_with_7() {
	start_target
	exec 7>&-
	was=$target
	works "$1" "$cr_dump" -t "$target" -o "$archive" || exit 1
	eventually gone "$was"
	target=
}

exec 7<>"$file"
echo text >&7
mount -t tmpfs none "$dir"
dump_with_7 'a file that is mounted over'
works 'it is there' "$cr_restore" --check -i "$archive"
umount "$dir"
: >"$file"
mount -t tmpfs none "$dir"
refused 'it has become shorter' 3 "$file" 'shorter' '--file-validation=off' -- "$cr_restore" -d -i "$archive"
works 'it has become shorter, not validated' "$cr_restore" --file-validation=off --check -i "$archive"
umount "$dir"
rm "$file"
mount -t tmpfs none "$dir"
refused 'it has been deleted' 3 "$file" 'handle' 'has been deleted' -- "$cr_restore" -d -i "$archive"
gone "$was" || fail 'it has been deleted: nothing is started'

mkdir "$dir/sub"
exec 7<>"$dir/sub/file"
mount -t tmpfs none "$dir/sub"
dump_with_7 'a file on a file system of memory'
umount "$dir/sub" "$dir"
refused 'its file system is gone' 3 "$dir/sub/file" 'handle' "'$dir': another file system" -- "$cr_restore" -d -i "$archive"
mount -t tmpfs none "$dir"
refused 'another one is there' 3 "$dir/sub/file" 'another file system' -- "$cr_restore" -d -i "$archive"

exec 7<>"$file"
start_target
exec 7>&-
umount --lazy "$dir"
picture_of "$target" >"$scratch/picture"
refused 'its file system is mounted nowhere' 3 "\b$target\b" 'fd 7\b' 'no mount of its file system' -- \
	"$cr_dump" -t "$target" -o "$out"
stop_target
exit "$failed"
