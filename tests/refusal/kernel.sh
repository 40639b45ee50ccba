#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of the kernel that cannot be preserved, each by name.
set -u
. tests/refusal/lib.bash

# A file of a process outside is that of the same process again, as long as there is one.
sleep 1000 &
other=$!
disown
started+=("$other")
exec 7<"/proc/$other/stat"
start_target
exec 7>&-
was=$target
if works 'dump with a file of an outsider' "$cr_dump" -t "$target" -o "$scratch/app.tar.zst"; then
	eventually gone "$was"
	target=
	works 'the outsider is there' "$cr_restore" -d -i "$scratch/app.tar.zst"
	started+=("$was")
	grep -q "^$other (sleep)" "/proc/$was/fd/7" || fail 'the outsider is there: its file is another'
	kill -KILL "$was" "$other"
	eventually gone "$was"
	eventually gone "$other"
	works 'the outsider is gone' "$cr_restore" -d -i "$scratch/app.tar.zst"
	grep -q "'/proc/$other/stat' was of a process" "$scratch/stderr" || fail 'the outsider is gone: a notice'
	[ "$(readlink "/proc/$was/fd/7")" = "/proc/$other/stat" ] || fail 'the outsider is gone: its file is another'
	kill -KILL "$was"
fi

refused_with proc-fdinfo '/fdinfo/0' 'descriptor'
refused_with namespace-other 'namespace' 'uts:'
if [ "$(id -u)" -eq 0 ]; then
	if [ -e /proc/mtrr ]; then
		refused_with proc-written '/proc/mtrr' 'writing'
	else
		skip proc-written 'there is no such file'
	fi
	if [ -e /proc/pressure/cpu ]; then
		refused_with pressure '/proc/pressure/cpu' 'trigger'
	else
		skip pressure 'this kernel has no pressure stall information'
	fi
else
	skip 'files that are written to' 'needs root'
fi

# refused_if_there WHAT PATTERN...: the same, of what a kernel may not have or allow.
refused_if_there() {
	if "$build/tests/refusal/refusal_target" "$scratch/ticks" "$1" nonsense 2>&1 | grep -q nonsense; then
		refused_with "$@"
	else
		skip "$1" 'this kernel has none'
	fi
}
refused_if_there notified-directory "directory '/'" 'F_NOTIFY'
refused_if_there aio-poll 'io_submit' 'in flight'
refused_if_there userfaultfd 'userfaultfd'
refused_if_there perf 'perf event'
refused_if_there bpf-queue 'BPF map' 'type 22'
refused_if_there bpf-map-used 'BPF map.* used by BPF program [0-9]+' 'BPF program cannot'
refused_if_there landlock 'Landlock ruleset'
refused_if_there fscontext 'fsopen'
refused_if_there fuse "character device '/dev/fuse'" 'unmount'
refused_if_there kernel-log "character device '/dev/kmsg'" 'how far it has read'
refused_if_there fanotify-content 'fanotify group' 'FAN_CLASS_CONTENT'
refused_if_there fanotify-queued 'fanotify group' 'events of [0-9]+ bytes' 'skip-in-flight'

exit "$failed"
