#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives that are whole but say what cannot be: refused with status 4 and a message, whatever is asked for, and nothing
# is created. tests/archive/run.sh BUILD_DIR
set -u
. tests/close_fds.bash

cr_restore=$1/cr-restore
make_bad=$1/tests/archive/make_bad
scratch=$(mktemp -d /tmp/cr-archive.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
archive=$scratch/bad.tar.zst
pid=4194000 # of the process in these archives
failed=0

report() {
	if [ -z "$2" ]; then
		echo "ok - archive/$1"
	else
		echo "not ok - archive/$1"
		printf '%s\n' "$2" "it said: $(head -c 1000 "$scratch/stderr" | cat -v)" | sed 's/^/#   /'
		failed=1
	fi
}

# bad CASE PATTERN MODE...: each of the modes (a restore, --check and --verify without any) refuses it.
seen=()
wanted=4
bad() {
	local name=$1 pattern=$2 mode problems='' status
	shift 2
	[ $# -gt 0 ] || set -- --detach --check --verify
	seen+=("$name")
	"$make_bad" "$name" "$archive" 2>"$scratch/stderr" || problems="it could not be made"
	for mode in "$@"; do
		timeout --kill-after=5 60 "$cr_restore" "$mode" -i "$archive" </dev/null >"$scratch/stdout" 2>"$scratch/stderr"
		status=$?
		[ "$status" -eq "$wanted" ] || problems+="$mode: exit status $status, not $wanted"$'\n'
		grep -qE -e "$pattern" "$scratch/stderr" || problems+="$mode: the message does not match: $pattern"$'\n'
		! grep -q $'\033' "$scratch/stderr" || problems+="$mode: the message holds an escape character"$'\n'
		[ ! -s "$scratch/stdout" ] || problems+="$mode: there is something on standard output"$'\n'
		[ ! -e "/proc/$pid" ] || problems+="$mode: process $pid was created"$'\n'
		[ -z "$problems" ] || break
	done
	report "$name" "$problems"
}

bad version_0 'format version 0 is not known to this cr-restore \(it reads 1\)'
bad version_next 'format version [0-9]+ is not known'
bad version_huge 'format version 4294967295 is not known'
bad feature "feature 'time-travel'"
bad feature_escape 'feature .*x1b'
bad no_host 'manifest.* where'
bad no_process '0 processes'
bad process_twice "$pid is there twice"
bad parent_thread "child of thread $((pid + 9))" --detach --check
bad pid_0 'manifest.* 0, child'
bad pid_negative 'manifest.* -1, child'
bad pid_huge 'manifest.* 2147483647, child'
bad file_relative 'no absolute path'
bad no_manifest 'manifest\.pb'
bad no_task "state of process $pid is missing|of no process before"
bad no_memory "memory of process $pid is missing"
bad no_table "descriptors of process $pid is missing"
bad no_pages "pages of process $pid are missing"
bad task_twice "'task/$pid.pb' is there twice"
bad memory_twice "'mm/$pid.pb' is there twice"
bad pages_twice 'two members|twice' --verify
bad task_after_pages "state of process $pid is missing|of no process before"
bad task_of_other 'task/4194007\.pb.* no process'
bad task_says_other 'another process'
bad memory_of_other 'mm/4194007\.pb.* no process'
bad pages_of_other 'pages/4194007.* no process'
bad table_of_other 'fd_table/4194007\.pb.* no process'
bad table_says_other 'another descriptor table'
bad unknown_member "'sysv_shm/1\.pb' is not known"
bad unknown_kind "'fd/black_hole\.pb' is not known"
bad name_padded "'task/04194000\.pb' is not known"
bad name_huge "'task/9+\.pb' is not known"
bad name_longer "'task/4194000\.pb\.pb' is not known"
bad second_manifest "'images/manifest\.pb' is not known"
bad task_garbage 'task/.* readable'
bad task_gigantic 'task/.* at most'
bad task_bomb "'task/$pid\.pb' .* readable"
bad no_thread '0 threads'
bad thread_not_leader "first thread is 4194002, not $pid"
bad thread_twice "thread $pid is there twice"
bad thread_negative '-5 cannot be a thread'
bad registers_short 'registers of thread .* 8 bytes'
bad registers_none 'registers of thread .* 0 bytes'
bad xsave_short 'extended registers .* 512 bytes'
bad xsave_long 'extended registers .* 40000 bytes'
bad comm_long 'name of thread'
bad umask 'umask'
bad stop_signal 'signals .* 65'
bad stopped_and_not 'it is stopped, and goes on'
bad root_relative 'root or working directory'
bad no_mapping '0 mappings'
bad mapping_policy 'memory policy has the mode 0x0'
bad mapping_policy_nodes 'nodes of a memory policy have 136 bytes'
bad autogroup_nice 'nice value 20' --detach --check
bad autogroup_of_member 'nice value 5|session' --detach --check
bad xsave_permission 'processor state 0x8000000000000000' --detach --check
bad tiles_without_permission 'never asked' --detach --check
bad thread_policy 'memory policy has the mode 0x10000'
bad thread_policy_nodes 'nodes of a memory policy have 5 bytes'
bad mapping_empty 'cannot be a mapping'
bad mapping_reversed 'cannot be a mapping'
bad mapping_unaligned 'cannot be a mapping'
bad mapping_in_kernel 'cannot be a mapping'
bad mapping_overlap 'overlaps|order'
bad mapping_order 'overlaps|order'
bad mapping_kind 'unknown kind 99'
bad mapping_kind_negative 'unknown kind -1'
bad mapping_prot 'unknown protection'
bad mapping_flags 'unknown flags'
bad mapping_huge_of_file 'cannot be made of huge pages'
bad mapping_huge_unaligned 'cannot be made of huge pages'
bad mapping_huge_size 'cannot be made of huge pages'
bad mapping_size_only 'cannot be made of huge pages'
bad mapping_file 'of file 1, of 1'
bad mapping_file_huge 'of file 4294967295, of 1'
bad mapping_offset 'offset 0x5'
bad mapping_offset_huge 'offset 0xf+000'
bad mapping_advice 'unknown advice 4'
bad mapping_name 'name of the mapping'
bad two_vdsos 'more than one vdso'
bad run_outside 'outside of any mapping'
bad run_beyond 'outside of any mapping'
bad run_empty '0 pages'
bad run_huge 'not possible'
bad run_wraps 'not possible'
bad run_order 'order'
bad run_overlap 'overlap'
bad run_lengths 'lengths'
bad zero_overlap 'zeros and something else'
bad zero_within 'zeros and something else'
bad zero_outside 'outside of any mapping'
bad zero_last_overlap 'zeros and something else'
bad zero_lengths 'lengths'
bad guard_outside 'that are guards at 0x1000 to 0x2000 are outside of any mapping'
bad guard_lengths 'runs of guard pages'
bad auxv_long 'auxiliary vector'
bad auxv_odd 'auxiliary vector'
bad brk_reversed 'heap'
bad arguments_reversed 'arguments'
bad environment_in_kernel 'environment'
bad no_exe 'which program'
bad exe_relative 'which program'
bad pages_short 'pages/.* 20480 bytes.* 24576'
bad pages_long 'pages/.* 28672 bytes.* 24576'
bad descriptor_dangling '\b1\b'
bad descriptor_negative 'fd -1|-1'
bad ghost_path 'ghost/1.pb.*paths is not possible'
bad ghost_extents 'extents overlap'
bad ghost_extents_wrap 'extents overlap'
bad ghost_type 'extents'
bad ipc_twice 'ipc.pb.* twice'
bad ipc_value 'ipc.pb.*value of a semaphore'
bad ipc_undo_of_nobody 'process 4194050, which is not there' --detach --check
bad ipc_undo_long 'ipc.pb.*no process or set'
bad ghost_huge_size 'huge pages are not possible'
bad ghost_other_type 'deleted file 1 is in use as what it is not'
bad ghost_id 'not number 1'
bad ghost_member 'not number 1'
bad ghost_twice 'ghost/1.pb.*(twice|not number 2)'
bad ghost_no_handle 'it has no handle'
bad ghost_origin 'origin is not known'
bad ghost_dangling 'deleted file 7, which is not there'
bad ghost_other_path 'deleted file 1 is in use as what it is not'
bad ghost_lacks_contents 'deleted file 1 are missing'
bad ghost_contents_short 'ghost/1.* 4096 bytes.* 8192'
bad ghost_contents_late 'deleted file 1 are missing'
bad lock_kind 'lock of an unknown kind'
bad lock_range 'impossible range'
bad lock_end 'impossible range'
bad lock_process 'process 1 has a lock of open file 1'

# A good archive, but not for this host: refused with status 3, and --verify has nothing against it.
wanted=3
bad host_cpu 'avx512imagined' --detach --check
bad host_nodes '10020000-.*memory policy.*NUMA nodes of which this host has none' --detach --check
bad host_nodes_of_thread 'memory policy.*NUMA nodes' --detach --check
bad host_xsave_permission 'processor state .* that this processor, or its kernel, lacks' --detach --check
bad host_xsave 'number 60' --detach --check
bad host_vdso 'vdso differs' --detach --check
bad host_machine 'pdp11' --detach --check
bad host_page_size '65536' --detach --check

# Parents come before children, but in no other order; a person sees who belongs to whom.
seen+=(branches)
"$make_bad" branches "$archive"
"$cr_restore" --inspect -i "$archive" 2>"$scratch/stderr" | sed -n -E 's/^ *41940[0-9]+ .* bytes  ( *\\_ .*) \(.*/\1/p' \
	>"$scratch/branches"
report 'a tree of processes' "$(diff <(printf '%s\n' '\_ first' '   \_ third' '\_ second') "$scratch/branches")"

# Each case that there is, is tried.
: >"$scratch/stderr"
report 'all cases' "$(diff <("$make_bad" --list | sort) <(printf '%s\n' "${seen[@]}" | sort))"

# Where nothing is spoilt, nothing is refused; and whatever a name holds, a terminal is safe.
good=''
"$make_bad" nothing "$archive"
"$cr_restore" --inspect -i "$archive" >"$scratch/stdout" 2>"$scratch/stderr" || good+="--inspect: status $?"$'\n'
grep -q $'\033' "$scratch/stdout" && good+="--inspect: an escape character comes through"$'\n'
grep -q "\\\\x1b\\[31m" "$scratch/stdout" || good+="--inspect: the name of the program is not there"$'\n'
"$cr_restore" --inspect --json -i - <"$archive" >"$scratch/json" 2>"$scratch/stderr" || good+="--json: status $?"$'\n'
if command -v python3 >/dev/null; then
	python3 -c "import json, sys; m = json.load(open(sys.argv[1], encoding='utf-8')); assert m['processes'][0]['pid'] == $pid" \
		"$scratch/json" 2>>"$scratch/stderr" || good+="--json: it is not valid"$'\n'
fi
"$cr_restore" --list -i "$archive" >"$scratch/stdout" 2>"$scratch/stderr" || good+="--list: status $?"$'\n'
for member in manifest.pb "task/$pid.pb" "mm/$pid.pb" "fd_table/$pid.pb" "pages/$pid"; do
	grep -q " $member\$" "$scratch/stdout" || good+="--list: $member is not there"$'\n'
done
report 'inspect and list' "$good"

exit "$failed"
