#!/bin/bash
# SPDX-License-Identifier: MIT
# Files in odd states, and file locks: what is refused, by a dump and by a restore, and which option helps.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
archive=$scratch/app.tar.zst
file=$scratch/file
other=0 # another process

start_other() {
	"$@" </dev/null >/dev/null 2>&1 7>&- &
	other=$!
	disown
	started+=("$other")
}
stop_other() {
	kill -KILL "$other" 2>/dev/null
	eventually gone "$other"
}
# Whether somebody else cannot have an exclusive flock(2) of the file now.
is_locked() {
	! flock --nonblock --exclusive "$file" true
}

# Deleted files: what the shell opens as 7, the target inherits.
exec 7<>"$file"
head -c 3M /dev/urandom >&7
truncate -s 1T "$file"
rm "$file"
start_target
refused 'a large deleted file' 3 "\b$target\b" 'fd 7\b' "$file" 'ghost-limit=3M' -- \
	"$cr_dump" --ghost-limit=2M -t "$target" -o "$out"
refused 'a deleted file shared with the shell' 3 "\b$target\b" 'fd 7\b' "$file" "pid $$\b" -- \
	"$cr_dump" -t "$target" -o "$out"
exec 7>&-
works 'a deleted file of the target alone' "$cr_dump" -t "$target" --check
works 'a limit that is kept' "$cr_dump" --ghost-limit=3M -t "$target" --check
exec 7<"/proc/$target/fd/7"
refused 'a deleted file that the shell reads' 3 "pid $$\b" -- "$cr_dump" -t "$target" -o "$out"
exec 7>&-
stop_target

# A directory that is deleted, but mounted on another.
mkdir "$scratch/removed" "$scratch/mounted"
if mount --bind "$scratch/removed" "$scratch/mounted"; then
	exec 7<"$scratch/removed"
	rmdir "$scratch/removed"
	start_target
	exec 7>&-
	refused 'a deleted directory that is mounted' 3 "\b$target\b" 'fd 7\b' "$scratch/removed" "$scratch/mounted" -- \
		"$cr_dump" -t "$target" -o "$out"
	stop_target
	umount "$scratch/mounted"
	rmdir "$scratch/mounted"
else
	skip 'a deleted directory that is mounted' 'nothing can be mounted'
fi

echo text >"$file"
exec 7<"$file"
rm "$file"
start_target
works 'a deleted file that nobody writes to' "$cr_dump" -t "$target" --check
exec 7>&-
stop_target

start_target memfd
exec 7<>"/proc/$target/fd/12"
refused 'a memfd shared with the shell' 3 'fd 12\b' 'memfd:target' "pid $$\b" -- "$cr_dump" -t "$target" -o "$out"
exec 7>&-
works 'a memfd of the target alone' "$cr_dump" -t "$target" --check
stop_target

# holds NAME WHAT PATTERN...: a target that holds WHAT is refused.
holds() {
	local name=$1 what=$2
	shift 2
	start_target "$what"
	refused "$name" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" -o "$out"
	stop_target
}

if "$build/tests/refusal/refusal_target" "$scratch/ticks" secret-memory nonsense 2>&1 | grep -q nonsense; then
	holds 'secret memory' secret-memory 'fd 12\b' 'memfd_secret' '0x[0-9a-f]+-0x[0-9a-f]+: .*secret'
else
	skip 'secret memory' 'this kernel has none'
fi

if touch "$file" && chattr +i "$file" 2>/dev/null; then
	chattr -i "$file"
	exec 7<>"$file"
	chattr +i "$file"
	start_target
	refused 'a file that was made immutable' 3 'fd 7\b' "$file" 'chattr -i' -- "$cr_dump" -t "$target" -o "$out"
	chattr -i "$file"
	chattr +a "$file"
	refused 'a file that was made append-only' 3 'fd 7\b' "$file" 'chattr -a' -- "$cr_dump" -t "$target" -o "$out"
	chattr -a "$file"
	works 'a file that can be changed' "$cr_dump" -t "$target" --check
	exec 7>&-
	stop_target
else
	skip 'a file that was made immutable' 'chattr does not work here'
fi

# Locks.
echo 0123456789 >"$file"
holds 'a POSIX lock' "posix-lock=$file" 'fd 12\b' "$file" 'POSIX write lock of bytes 100 to 100' '--file-locks'
holds 'an OFD lock' "ofd-lock=$file" 'fd 12\b' "$file" 'write lock \(OFD\) of bytes 100 to 100' '--file-locks'
holds 'a lease' "lease=$file" 'fd 12\b' "$file" 'read lease' '--file-locks'

# Who opens a file with a lease waits for it, and the holder is told.
start_target "lease=$file"
start_other dd if=/dev/null of="$file" conv=notrunc
eventually grep -q "LEASE .*BREAKING .* $target " /proc/locks || fail 'a lease is broken'
refused 'another process waits for a lease' 3 'fd 12\b' "$file" "'dd' \(pid $other\)" -- \
	"$cr_dump" -l -t "$target" -o "$out"
stop_other
stop_target

exec 7<>"$file"
flock --exclusive 7
start_target "posix-lock=$file"
exec 7>&-
refused 'two locks, both named' 3 'fd 7\b.*flock \(exclusive\)' 'fd 12\b.*POSIX' -- "$cr_dump" -t "$target" -o "$out"
refused 'locks, --check' 3 'flock \(exclusive\)' -- "$cr_dump" --check -t "$target"
works 'locks, with the option' "$cr_dump" --check --file-locks -t "$target"
start_other flock --exclusive "$file" true
eventually grep -q -- "-> FLOCK .* $other " /proc/locks || fail 'another waits'
refused 'another process waits for a lock' 3 'fd 7\b' "$file" "'flock' \(pid $other\)" -- \
	"$cr_dump" -l -t "$target" -o "$out"
stop_other
was=$target
works 'dump with locks' "$cr_dump" -l -t "$target" -o "$archive" || exit 1
eventually gone "$was"
target=
is_locked && fail 'the lock is free after the dump'

refused 'a restore without the option' 3 "pid $was\b.*fd 7\b.*flock \(exclusive\).*$file" "fd 12\b.*POSIX" '--file-locks' -- \
	"$cr_restore" -d -i "$archive"
gone "$was" || fail 'a restore without the option: nothing is started'
start_other flock --shared --no-fork "$file" sleep 1000
eventually is_locked || fail 'another process has the lock'
refused 'another process has a lock that conflicts' 3 'flock \(exclusive\)' "$file" \
	"'sleep' \(pid $other\) has a flock \(shared\)" -- "$cr_restore" -l -d -i "$archive"
refused 'another process has a lock, --check' 3 "pid $other\b" -- "$cr_restore" -l --check -i "$archive"
gone "$was" || fail 'another process has a lock: nothing is started'
stop_other
start_other "$build/tests/refusal/refusal_target" "$scratch/other.ticks" "ofd-lock=$file"
eventually test -s "$scratch/other.ticks"
refused 'another process has a lock that is not told' 3 'POSIX write lock' "'refusal_target' \(pid $other\) has a write lock \(OFD\)" -- \
	"$cr_restore" -l -d -i "$archive"
stop_other
if works 'restore with locks' "$cr_restore" -l -d -i "$archive"; then
	target=$was
	started+=("$target")
	is_locked || fail 'the lock is held after the restore'
	stop_target
fi

# Waiting for a lock that an outsider has: it waits again.
start_other flock --exclusive --no-fork "$file" sleep 1000
eventually is_locked || fail 'another process has the lock'
start_target "wait=$file"
was=$target
eventually grep -q -- "-> FLOCK .* $was " /proc/locks || fail 'the target waits'
if works 'dump what waits for the lock of another' "$cr_dump" -t "$target" -o "$archive"; then
	eventually gone "$was"
	target=
	works 'restore what waits for a lock' "$cr_restore" -d -i "$archive"
	target=$was
	started+=("$target")
	eventually grep -q -- "-> FLOCK .* $was " /proc/locks || fail 'it waits again'
	stop_other
	eventually grep -q "[0-9]: FLOCK .* $was " /proc/locks || fail 'it gets the lock when it is free'
	stop_target
fi

# Others' leases.
exec 7<>"$file"
start_target
exec 7>&-
was=$target
works 'dump with a file open for writing' "$cr_dump" -t "$target" -o "$archive" || exit 1
eventually gone "$was"
target=
rm -f "$scratch/other.ticks"
start_other "$build/tests/refusal/refusal_target" "$scratch/other.ticks" "lease=$file"
eventually test -s "$scratch/other.ticks"
refused 'another process has a lease' 3 "$file" "'refusal_target' \(pid $other\) has a read lease" -- \
	"$cr_restore" -d -i "$archive"
stop_other

if chattr +i "$file" 2>/dev/null; then
	refused 'a file has become immutable' 3 "pid $was: fd 7: '$file' .*chattr -i" -- "$cr_restore" -d -i "$archive"
	chattr -i "$file"
	chattr +a "$file"
	refused 'a file has become append-only' 3 "fd 7.*'$file' .*chattr -a" -- "$cr_restore" -d -i "$archive"
	chattr -a "$file"
fi

# Files that have changed.
: >"$file"
refused 'a file has become shorter' 3 "$file" 'fd 7\b' 'shorter' '--file-validation=off' -- "$cr_restore" -d -i "$archive"
refused 'a file has become shorter, sizes alone' 3 'shorter' -- "$cr_restore" --file-validation=size -d -i "$archive"
gone "$was" || fail 'a file has become shorter: nothing is started'
works 'a file has become shorter, not validated' "$cr_restore" --file-validation=off --check -i "$archive"
head -c 1000 /dev/zero >"$file"
works 'a file has grown' "$cr_restore" --check -i "$archive"
grep -q "$file.*grown" "$scratch/stderr" || fail 'a file has grown: a notice' "$(cat "$scratch/stderr")"
rm "$file"
mkdir "$file"
refused 'a file has become a directory' 3 "$file" 'directory' -- \
	"$cr_restore" --file-validation=off -d -i "$archive"
rm -r "$file"

# Files that are run, or written to, meanwhile (ETXTBSY).
cp /bin/sleep "$file"
exec 7<>"$file"
start_target
exec 7>&-
was=$target
works 'dump with a program open for writing' "$cr_dump" -t "$target" -o "$archive" || exit 1
eventually gone "$was"
target=
start_other "$file" 1000
eventually test "$(cat "/proc/$other/comm")" = file
refused 'a file for writing is run by another' 3 "$file" "'file' \(pid $other\) runs" -- "$cr_restore" -d -i "$archive"
kill -KILL "$other"
eventually gone "$other"
works 'nobody runs it' "$cr_restore" --check -i "$archive"
cp "$build/tests/refusal/refusal_target" "$file"
rm -f "$scratch/ticks"
setsid "$file" "$scratch/ticks" </dev/null >/dev/null 2>&1 &
was=$!
disown
if eventually test -s "$scratch/ticks" && works 'dump a program' "$cr_dump" -t "$was" -o "$archive"; then
	eventually gone "$was"
	exec 7<>"$file"
	refused 'the program is open for writing' 3 "$file" '\(pid [0-9]+\) has it open for writing' -- "$cr_restore" -d -i "$archive"
	exec 7>&-
	works 'nobody writes to the program' "$cr_restore" --check -i "$archive"
fi

exit "$failed"
