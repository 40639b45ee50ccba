#!/bin/bash
# SPDX-License-Identifier: MIT
# A /proc that shows other processes than those of cr-dump's pid namespace, or not enough: the numbers in it must not
# be taken for ours.
set -u
. tests/refusal/lib.bash

archive=$scratch/app.tar.zst
start_target
works 'dump, leave running' "$cr_dump" -R -t "$target" -o "$archive" || exit 1

# refused_with_proc NAME PATTERN SETUP: both commands, in a new mount namespace after SETUP.
refused_with_proc() {
	local name=$1 pattern=$2 setup=$3
	local inside=(unshare --mount --propagation private "${flags[@]}" sh -c "$setup && exec \"\$@\"" sh)
	refused "cr-dump with $name" 3 "$pattern" 'mount -t proc proc /proc' -- \
		"${inside[@]}" "$cr_dump" -t "$target" -o "$scratch/out/app.tar.zst"
	refused "cr-restore with $name" 3 "$pattern" 'mount -t proc proc /proc' -- \
		"${inside[@]}" "$cr_restore" -d -i "$archive"
}

flags=(--pid --fork)
refused_with_proc 'the /proc of another pid namespace' 'that of another pid namespace' true
flags=()
refused_with_proc 'no /proc' 'there is no /proc' 'umount -l /proc'
refused_with_proc 'a /proc of processes only' 'subset=pid' 'umount -l /proc && mount -t proc -o subset=pid proc /proc'
stop_target

exit "$failed"
