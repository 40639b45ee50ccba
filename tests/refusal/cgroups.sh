#!/bin/bash
# SPDX-License-Identifier: MIT
# Cgroups: frozen ones, and at restore those that are missing, full or frozen. In a mount namespace, with a hierarchy of
# its own.
set -u
if [ -z "${CGROUPS_SH_IS_INSIDE-}" ]; then
	if ! unshare --mount true 2>/dev/null; then
		echo "ok - refusal/cgroups: all of it # SKIP no mount namespace can be made here"
		exit 0
	fi
	CGROUPS_SH_IS_INSIDE=yes exec unshare --mount "$0" "$@"
fi
. tests/refusal/lib.bash

archive=$scratch/app.tar.zst
name=crrefusal$$ root=$scratch/hierarchy
mkdir "$root" "$scratch/v2" "$scratch/freezer" "$scratch/pids"

# When the last mount goes the kernel ends it, some time later, but not if it has not forgotten yet the groups that were
# removed. Then it takes another mount; one that comes too early would only make it anew.
is_forgotten() {
	! grep -q "name=$name:" /proc/self/cgroup
}
end_hierarchy() {
	local i
	for ((i = 0; i < 5; i++)); do
		mountpoint -q "$root" || mount -t cgroup -o "none,name=$name" cgroup "$root"
		umount "$root"
		eventually is_forgotten && return 0
	done
	return 1
}
cleanup_cgroups() {
	local directory
	for directory in "$root" "$scratch/v2" "$scratch/freezer" "$scratch/pids"; do
		[ ! -e "$directory/$name/freezer.state" ] || echo THAWED >"$directory/$name/freezer.state"
		[ ! -e "$directory/$name/cgroup.freeze" ] || echo 0 >"$directory/$name/cgroup.freeze"
	done
	[ -z "$target" ] || stop_target
	for directory in "$root" "$scratch/v2" "$scratch/freezer" "$scratch/pids"; do
		mountpoint -q "$directory" || continue
		rmdir "$directory/$name/below" "$directory/$name" 2>/dev/null
		umount "$directory"
	done
	is_forgotten || end_hierarchy
}
trap 'cleanup_cgroups; cleanup' EXIT

if ! mount -t cgroup -o "none,name=$name" cgroup "$root" 2>/dev/null; then
	skip 'all of it' 'no cgroup hierarchy can be mounted here'
	exit 0
fi

is_in() { # PID CONTROLLERS PATH
	grep -q "^[0-9]*:$2:$3\$" "/proc/$1/cgroup"
}
end_restored() {
	kill -KILL "$was"
	eventually gone "$was"
}
says() { # NAME PATTERN
	if grep -qE -e "$2" "$scratch/stderr"; then
		pass "$1"
	else
		fail "$1" "it said: $(cat "$scratch/stderr")"
	fi
}

start_target thread
was=$target
mkdir -p "$root/$name/below"
echo 1 >"$root/$name/notify_on_release"
echo 1 >"$root/$name/below/cgroup.clone_children"
chmod 711 "$root/$name/below"
chown 65534:65533 "$root/$name/below/cgroup.procs"
echo "$was" >"$root/$name/below/cgroup.procs"
works 'dump' "$cr_dump" -t "$was" -o "$archive" || exit 1
target=

if works 'the group is there, strict' "$cr_restore" -d --manage-cgroups=strict -i "$archive"; then
	is_in "$was" "name=$name" "/$name/below" || fail 'the group is there, strict: it is in it' "$(cat "/proc/$was/cgroup")"
	[ ! -s "$scratch/stderr" ] || fail 'the group is there, strict: nothing is said' "$(cat "$scratch/stderr")"
	end_restored
fi
eventually rmdir "$root/$name/below"
refused 'the group is missing, strict' 3 "/$name/below' \(name=$name\) is not there" -- \
	"$cr_restore" -d --manage-cgroups=strict -i "$archive"
works 'the group is missing, --check' "$cr_restore" --check -i "$archive" &&
	says 'the group is missing, --check: that is said' "/$name/below' \(name=$name\) is not there: it is made"
[ ! -d "$root/$name/below" ] || fail 'the group is missing, --check: nothing is made'
rmdir "$root/$name"
size=$(stat -c %s "$archive")
refused 'the archive ends too soon' 4 'made|archive' -- \
	sh -c 'head -c "$1" "$2" | "$3" -d -i -' sh $((size - 200)) "$archive" "$cr_restore"
[ ! -d "$root/$name" ] || fail 'the archive ends too soon: no group is left'
if works 'the groups are missing' "$cr_restore" -d -i "$archive"; then
	is_in "$was" "name=$name" "/$name/below" || fail 'the groups are missing: it is in them' "$(cat "/proc/$was/cgroup")"
	[ "$(cat "$root/$name/notify_on_release" "$root/$name/below/cgroup.clone_children" | tr -d '\n')" = 11 ] ||
		fail 'the groups are missing: their settings'
	[ "$(stat -c %a "$root/$name" "$root/$name/below" | tr '\n' ' ')" = '755 711 ' ] &&
		[ "$(stat -c %u:%g "$root/$name/cgroup.procs" "$root/$name/below/cgroup.procs" | tr '\n' ' ')" = \
			'0:0 65534:65533 ' ] || fail 'the groups are missing: modes and owners'
	end_restored
fi
if works 'none' "$cr_restore" -d --manage-cgroups=none -i "$archive"; then
	is_in "$was" "name=$name" / || fail 'none: it is in ours' "$(cat "/proc/$was/cgroup")"
	end_restored
fi
if works 'in a new pid namespace' "$cr_restore" -d --new-pid-ns --pidfile "$scratch/pid" -i "$archive"; then
	is_in "$(cat "$scratch/pid")" "name=$name" "/$name/below" || fail 'in a new pid namespace: it is in its group'
	[ "$(wc -l <"$root/$name/below/cgroup.procs")" = 2 ] || fail 'in a new pid namespace: so is the init'
	kill -KILL "$(cat "$scratch/pid")"
	eventually gone "$(cat "$scratch/pid")"
fi
is_empty() {
	[ -z "$(cat "$root/$name/below/cgroup.procs")" ]
}
eventually is_empty

# A group that cr-dump shares with its target stands for that of cr-restore.
shared=$scratch/shared.tar.zst first=$was
start_target thread
was=$target
echo "$was" >"$root/$name/cgroup.procs"
if works 'dump from the same group' sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$root/$name/cgroup.procs" \
	"$cr_dump" -t "$was" -o "$shared"; then
	target=
	if works 'dumped from the same group' "$cr_restore" -d -i "$shared"; then
		says 'dumped from the same group: that is said' "shares those of cr-restore: '/', not '/$name' \(name=$name\)"
		is_in "$was" "name=$name" / || fail 'dumped from the same group: it is in ours' "$(cat "/proc/$was/cgroup")"
		end_restored
	fi
	if works 'dumped from the same group, strict' "$cr_restore" -d --manage-cgroups=strict -i "$shared"; then
		is_in "$was" "name=$name" "/$name" || fail 'dumped from the same group, strict: it is in that' \
			"$(cat "/proc/$was/cgroup")"
		end_restored
	fi
fi

rmdir "$root/$name/below"
eventually rmdir "$root/$name"
was=$first
if end_hierarchy; then
	refused 'the hierarchy is not here, strict' 3 "/$name/below' \(name=$name\) is in a hierarchy that is not here" -- \
		"$cr_restore" -d --manage-cgroups=strict -i "$archive"
	works 'the hierarchy is not here' "$cr_restore" -d -i "$archive" &&
		says 'the hierarchy is not here: that is said' "name=$name\) is in a hierarchy that is not here: .* stays" &&
		end_restored
else
	fail 'the hierarchy is not here' 'it stays'
fi
rm -f "$archive"

# frozen KIND FREEZE THAW FILE: a target in a frozen group, of which that is above its own.
frozen() {
	local kind=$1 freeze=$2 thaw=$3 file=$4 was trouble
	mkdir -p "$scratch/$kind/$name/below"
	start_target thread
	was=$target
	echo "$was" >"$scratch/$kind/$name/below/cgroup.procs"
	echo "$freeze" >"$scratch/$kind/$name/$file"
	target=
	refused "frozen, $kind" 3 "\b$was\b.*frozen.*/$name'.*echo $thaw >/.*/$name/$file" -- \
		"$cr_dump" -t "$was" -o "$scratch/out/app.tar.zst"
	echo "$thaw" >"$scratch/$kind/$name/$file"
	target=$was
	trouble=$(harm)
	[ -z "$trouble" ] || fail "frozen, $kind: no harm" "$trouble"
	if works "thawed, $kind" "$cr_dump" -t "$was" -o "$archive"; then
		target=
		echo "$freeze" >"$scratch/$kind/$name/$file"
		refused "the group is frozen at restore, $kind" 3 "/$name/below' .*frozen.*$file" -- \
			"$cr_restore" -d -i "$archive"
		echo "$thaw" >"$scratch/$kind/$name/$file"
		rm "$archive"
	fi
	[ -z "$target" ] || stop_target
}

if mount -t cgroup2 cgroup2 "$scratch/v2" 2>/dev/null; then
	frozen v2 1 0 cgroup.freeze
else
	skip 'frozen, v2' 'no cgroup v2 here'
fi
if grep -q ':freezer:' /proc/self/cgroup && mount -t cgroup -o freezer cgroup "$scratch/freezer" 2>/dev/null; then
	frozen freezer FROZEN THAWED freezer.state
else
	skip 'frozen, freezer' 'no freezer of cgroup v1 here'
fi
if grep -q ':pids:' /proc/self/cgroup && mount -t cgroup -o pids cgroup "$scratch/pids" 2>/dev/null; then
	mkdir "$scratch/pids/$name"
	start_target thread
	was=$target
	echo "$was" >"$scratch/pids/$name/cgroup.procs"
	works 'dump, in a group with a limit of tasks' "$cr_dump" -t "$was" -o "$archive" && target=
	echo 1 >"$scratch/pids/$name/pids.max"
	refused 'the group has no room' 3 "/$name' may have 1 tasks.* no room for the 2" -- "$cr_restore" -d -i "$archive"
else
	skip 'the group has no room' 'no pids of cgroup v1 here'
fi

exit "$failed"
