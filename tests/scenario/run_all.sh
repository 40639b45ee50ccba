#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs scenarios: run_all.sh [-m "MODE ..."] [-n] [-u UID[:GID]] [-v] BUILD_DIRECTORY [NAME ...]
#
# With -n in new namespaces, with -u as another user those which need no more; see run_scenario --help.
#
# Without names all of them, with names those that contain one of them. Without -m each in mode none and then in all
# modes that apply. A scenario's source says what is special about it, each on a line of its own:
#   /* modes: kill twice */       only these (none is always run)
#   /* not: stop foreground */    all but these
#   /* needs: cap_sys_nice */     a capability, "root", "huge_pages", or a file; without it the scenario is skipped
#   /* user: 65534 */             the program's user and group
#   /* stopped */                 the program stops itself at its checkpoints
#   /* network */                 it runs in a network namespace of its own, where loopback is up; needs root
#   /* no-compare */              what /proc shows of it changes all the time
#   /* dump-options: X Y */       more arguments for cr-dump; likewise restore-options
#   /* timeout: 60 */             seconds instead of 30
set -u

default_modes="none stop kill leave-running twice restore-twice"
# The way to and from the archive differs, not what is in it: a sample of the scenarios is enough.
sample_modes="stream foreground late-reaper"
sample="anon_sparse large_mixed file_offsets tls_tids stopped_threads ids loop_without_libc posix_clocks argv_environ"
sources=$(dirname "$0")
only_modes=
verbose=
namespaces=
user=
where=
passed=0
failed=0
skipped=0

usage() {
	echo "usage: run_all.sh [-m \"MODE ...\"] [-n] [-u UID[:GID]] [-v] BUILD_DIRECTORY [NAME ...]" >&2
	exit 2
}

# The words after "KEY:" in the comments of the scenario $source.
declared() {
	sed -n "s|^/\* $1: \(.*\) \*/\$|\1|p" "$source"
}

contains() {
	case " $1 " in
	*" $2 "*) return 0 ;;
	esac
	return 1
}

has_capability() {
	case $1 in
	cap_chown) bit=0 ;;
	cap_kill) bit=5 ;;
	cap_sys_chroot) bit=18 ;;
	cap_sys_admin) bit=21 ;;
	cap_sys_nice) bit=23 ;;
	cap_sys_resource) bit=24 ;;
	cap_ipc_lock) bit=14 ;;
	*) return 1 ;;
	esac
	effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	[ $((0x$effective >> bit & 1)) = 1 ]
}

# Huge pages are made as they are needed; what was set before is set again at the end.
huge_pages_setting=/proc/sys/vm/nr_overcommit_hugepages
huge_pages_before=
huge_pages_wanted=64

restore_huge_pages() {
	[ -z "$huge_pages_before" ] || echo "$huge_pages_before" >$huge_pages_setting
}

# Not in a subshell: it remembers what was set.
allow_huge_pages() {
	[ -z "$huge_pages_before" ] && [ -w $huge_pages_setting ] || return
	[ "$(cat $huge_pages_setting)" -ge "$huge_pages_wanted" ] && return
	huge_pages_before=$(cat $huge_pages_setting)
	trap restore_huge_pages EXIT
	trap 'exit 130' INT TERM
	echo $huge_pages_wanted >$huge_pages_setting
}

has_huge_pages() {
	[ "$(cat $huge_pages_setting 2>/dev/null || echo 0)" -ge "$huge_pages_wanted" ]
}

# Prints what is missing for the scenario, if anything.
missing_needs() {
	if grep -q '^/\* network \*/$' "$source" && [ "$(id -u)" != 0 ]; then
		echo "needs root, for a network of its own"
	fi
	for need in $(declared needs); do
		case $need in
		root) [ "$(id -u)" = 0 ] || echo "needs root" ;;
		huge_pages) has_huge_pages || echo "needs $huge_pages_wanted in $huge_pages_setting" ;;
		cap_*) has_capability "$need" || echo "needs $need" ;;
		/*) [ -e "$need" ] || echo "needs $need" ;;
		*) echo "unknown need: $need" ;;
		esac
	done
}

modes_of() {
	modes=$(declared modes)
	if [ -n "$modes" ]; then
		contains "$modes" none || modes="none $modes"
	else
		modes=$default_modes
		contains "$sample" "${scenario##*/}" && modes="$modes $sample_modes"
	fi
	not=$(declared not)
	for mode in $modes; do
		contains "$not" "$mode" && continue
		[ -z "$only_modes" ] || contains "$only_modes" "$mode" || continue
		echo "$mode"
	done
}

runner_options() {
	grep -q '^/\* stopped \*/$' "$source" && echo --stopped
	grep -q '^/\* no-compare \*/$' "$source" && echo --no-compare
	grep -q '^/\* network \*/$' "$source" && echo --network-namespace
	[ -z "$namespaces" ] || echo --namespaces
	for value in $(declared user) $user; do
		echo "--user $value"
	done
	for value in $(declared timeout); do
		echo "--timeout $value"
	done
	for value in $(declared dump-options); do
		echo "--dump-option $value"
	done
	for value in $(declared restore-options); do
		echo "--restore-option $value"
	done
}

run_one() {
	# The options are words without blanks, to be split.
	# shellcheck disable=SC2046
	output=$("$build/tests/scenario/run_scenario" --mode "$1" $verbose $(runner_options) \
		"$build/tests/scenario/$scenario" 2>&1)
	case $? in
	0)
		echo "ok - $scenario $1$where"
		passed=$((passed + 1))
		;;
	77)
		echo "ok - $scenario $1$where # SKIP ${output#skip: }"
		skipped=$((skipped + 1))
		;;
	*)
		echo "not ok - $scenario $1$where"
		failed=$((failed + 1))
		;;
	esac
	case $output in
	"" | skip:*) ;;
	*) printf '%s\n' "$output" | sed 's/^/# /' ;;
	esac
}

run_scenario() {
	scenario=$1
	source=$sources/$scenario.c
	contains "$(declared needs | tr '\n' ' ')" huge_pages && allow_huge_pages
	missing=$(missing_needs)
	if [ -n "$missing" ]; then
		echo "ok - $scenario$where # SKIP $missing"
		skipped=$((skipped + 1))
		return
	fi
	for mode in $(modes_of); do
		run_one "$mode"
	done
}

is_wanted() {
	[ -n "$names" ] || return 0
	for name in $names; do
		case $1 in
		*"$name"*) return 0 ;;
		esac
	done
	return 1
}

# The user of -u cannot do what takes more than any user may.
suits_user() {
	[ -z "$user" ] || ! grep -q '^/\* \(user\|needs: *\(root\|cap_.*\)\)' "$sources/$file"
}

while getopts m:nu:v option; do
	case $option in
	m) only_modes=$OPTARG ;;
	n)
		namespaces=yes
		where="$where in namespaces"
		;;
	u)
		user=$OPTARG
		where="$where as user $user"
		;;
	v) verbose=--verbose ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
build=$1
shift
names=$*

for file in "$sources"/*/*.c; do
	file=${file#"$sources"/}
	if is_wanted "${file%.c}" && suits_user; then
		run_scenario "${file%.c}"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
