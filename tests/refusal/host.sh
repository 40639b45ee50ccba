#!/bin/bash
# SPDX-License-Identifier: MIT
# Hosts that an archive does not fit: found before anything is created, and all of it said at once.
set -u
. tests/refusal/lib.bash

archive=$scratch/app.tar.zst
mapped=$scratch/mapped.bin
head -c 65536 /dev/zero | tr '\0' x >"$mapped"
cp -p "$mapped" "$scratch/mapped.copy"

start_target "map=$mapped"
works 'dump, leave running' "$cr_dump" -R -t "$target" -o "$archive" || exit 1
[ "$(stat -c %a "$archive")" = 600 ] || fail 'the archive is for its owner only' "$(stat -c %a "$archive")"
refused 'pid is taken, by whom' 3 "\b$target\b" 'refusal_target' 'give --new-pid-ns' -- \
	"$cr_restore" -d -i "$archive"
refused 'pid is taken, --check' 3 "\b$target\b" 'refusal_target' -- "$cr_restore" --check -i "$archive"

mv "$mapped" "$mapped.moved"
# the target has the file still mapped, by its new name
picture_of "$target" >"$scratch/picture"
refused 'pid is taken and a file is missing, at once' 3 "\b$target\b" "$mapped" -- "$cr_restore" -d -i "$archive"
mv "$mapped.moved" "$mapped"
picture_of "$target" >"$scratch/picture"

# A dead process whose parent does not look after it keeps its pid; it is waited for, but not for ever.
stop_target
setsid sh -c 'setsid "$0" "$1" "map=$2" & echo $! >"$3"; exec sleep 1000' "$build/tests/refusal/refusal_target" \
	"$scratch/ticks" "$mapped" "$scratch/child" </dev/null >/dev/null 2>&1 &
parent=$!
disown
started+=("$parent")
eventually test -s "$scratch/child"
was=$(cat "$scratch/child")
started+=("$was")
eventually grep -q refusal_target "/proc/$was/comm"
sleep 0.1
if works 'dump a child' "$cr_dump" -t "$was" -o "$archive"; then
	refused 'pid is held by a zombie' 3 "\b$was\b" 'zombie' "\b$parent\b" -- "$cr_restore" -d -i "$archive"
	kill -KILL "$parent"
	eventually gone "$was" || fail 'the zombie goes away'

	rm "$mapped"
	refused 'a mapped file is missing' 3 "$mapped" 'missing|no such file|not there' -- "$cr_restore" -d -i "$archive"
	gone "$was" || fail 'a mapped file is missing: nothing is started'
	refused 'a mapped file is missing, --check' 3 "$mapped" -- "$cr_restore" --check -i "$archive"
	head -c 4096 "$scratch/mapped.copy" >"$mapped"
	refused 'a mapped file has another size' 3 "$mapped" 'size|bytes' '65536' '4096' -- \
		"$cr_restore" -d -i "$archive"
	gone "$was" || fail 'a mapped file has another size: nothing is started'
	rm "$mapped"
	mkdir "$mapped"
	refused 'a mapped file has become a directory' 3 "$mapped" -- "$cr_restore" -d -i "$archive"
	rmdir "$mapped"
	cp -p "$scratch/mapped.copy" "$mapped"
	works 'all is well again, --check' "$cr_restore" --check -i "$archive"
fi

# Huge pages: the program has three, and the pool gives them as long as it may.
setting=/proc/sys/vm/nr_overcommit_hugepages
if [ -w "$setting" ]; then
	most=$(cat "$setting")
	trap 'echo "$most" >"$setting"; cleanup' EXIT
	echo "$((most + 3))" >"$setting"
	start_target huge=3
	if works 'dump huge pages' "$cr_dump" -t "$target" -o "$archive"; then
		eventually gone "$target"
		was=$target target=
		echo 0 >"$setting"
		spare=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)
		if [ "$spare" = 0 ]; then
			refused 'huge pages are missing' 3 'needs 3 huge pages of 2048 KiB, and 0 are free' \
				'hugepages-2048kB/nr_hugepages.* by 3$' -- "$cr_restore" -d -i "$archive"
			gone "$was" || fail 'huge pages are missing: nothing is started'
		else
			skip 'huge pages are missing' "there are $spare"
		fi
		echo "$((most + 3))" >"$setting"
		works 'huge pages are there again, --check' "$cr_restore" --check -i "$archive"
	fi
	echo "$most" >"$setting"
else
	skip 'huge pages are missing' "$setting cannot be written"
fi

exit "$failed"
