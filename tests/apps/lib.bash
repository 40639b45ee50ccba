# SPDX-License-Identifier: MIT
# For the tests in this folder to source; their first argument is BUILD_DIR. A test starts a real program, dumps it in the
# middle of its work, restores it, and waits until it is done.
# shellcheck shell=bash

. tests/close_fds.bash
build=$(cd "$1" && pwd) || exit 1
cr_dump=$build/cr-dump cr_restore=$build/cr-restore
group=apps/$(basename "$0" .sh)
# shellcheck disable=SC2034
sources=$PWD/tests/apps
scratch=$(mktemp -d /tmp/cr-apps.XXXXXX) || exit 1
# shellcheck disable=SC2034 # for those who source this
failed=0
app=     # the pid
started= # when the app has started, in the kernel's ticks: with the pid it says for sure which process it is
limit=60 # seconds that anything may last
about=   # goes before the name of each result
cd "$scratch" || exit 1

cleanup() {
	stop_app
	wait 2>/dev/null
	[ -n "${KEEP-}" ] || rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

pass() {
	echo "ok - $group: $about$1"
}
fail() {
	echo "not ok - $group: $about$1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | head -c 3000 | sed 's/^/#   /'
	# shellcheck disable=SC2034
	failed=1
}
skip() {
	echo "ok - $group: $about$1 # SKIP $2"
}

# needs PROGRAM...: ends this test if one of them is not installed.
needs() {
	local program
	for program; do
		command -v "$program" >/dev/null && continue
		skip "all of it" "$program is not installed"
		exit 0
	done
}

# Waits until the command succeeds, at most $limit seconds.
eventually() {
	local deadline=$((SECONDS + limit))
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

# The field $2 of /proc/$1/stat as proc(5) counts them, from 3 on.
stat_field() {
	local line fields
	line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	read -ra fields <<<"${line##*)}"
	echo "${fields[$2 - 3]}"
}

size_of() {
	stat -c %s "$1"
}
has_grown_to() {
	[ "$(size_of "$1")" -ge "$2" ]
}
has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}
# True when the app has used at least $1 milliseconds of processor time.
has_computed() {
	local user
	user=$(stat_field "$app" 14) && [ $((user * 10)) -ge "$1" ]
}
# True when the app has read at least $2 bytes of the file $1.
has_read() {
	local fd
	for fd in "/proc/$app/fd"/*; do
		[ "$(readlink "$fd")" = "$1" ] || continue
		[ "$(sed -n 's/^pos:\t*//p' "/proc/$app/fdinfo/${fd##*/}")" -ge "$2" ]
		return
	done
	return 1
}

# True if process $1 is no more, or dead and only waiting for its parent to notice.
has_ended() {
	case $(stat_field "$1" 3) in
	'' | Z | X) ;;
	*) return 1 ;;
	esac
}
# True if the app has ended, or the command succeeds: no use in waiting for that of a program that is no more.
has_ended_or() {
	has_ended "$app" || "$@"
}
has_gone() {
	[ ! -e "/proc/$1" ]
}

# start COMMAND...: starts it as a session of its own with app.out and app.err; stdin is the file $input or /dev/null.
start() {
	stop_app
	setsid "$@" <"${input:-/dev/null}" >app.out 2>app.err &
	app=$!
	disown "$app"
	# setsid keeps the pid, and so does what it executes: wait for that, or for its end
	eventually has_ended_or became_other_than_bash
	started=$(stat_field "$app" 22)
}
became_other_than_bash() {
	[ "$(stat_field "$app" 6)" = "$app" ] && [ "$(cat "/proc/$app/comm")" != setsid ]
}

# True if process $1 works in our folder, where no stranger does.
is_in_scratch() {
	case $(readlink "/proc/$1/cwd") in
	"$scratch" | "$scratch"/*) ;;
	*) return 1 ;;
	esac
}

# True if process $app is what has been started or restored: a pid alone might be another's by now. The start is not known
# after a restore that has failed.
is_app() {
	{ [ -n "$started" ] && [ "$(stat_field "$app" 22)" = "$started" ]; } || is_in_scratch "$app"
}

# Sets $tree: the app, what is in its session, and all below these.
find_tree() {
	local file line fields pid is_ours='' has_grown=1
	local -A parents=() sessions=() is_in=()
	for file in /proc/[0-9]*/stat; do
		{ read -r line <"$file"; } 2>/dev/null || continue
		read -ra fields <<<"${line##*)}"
		parents[${line%% *}]=${fields[1]} sessions[${line%% *}]=${fields[3]}
	done
	! is_app || is_ours=1
	for pid in "${!sessions[@]}"; do
		[ "$pid" = "$app" ] || [ "${sessions[$pid]}" = "$app" ] || continue
		[ -z "$is_ours" ] && ! is_in_scratch "$pid" || is_in[$pid]=1
	done
	while [ -n "$has_grown" ]; do
		has_grown=
		for pid in "${!parents[@]}"; do
			[ -n "${is_in[${parents[$pid]}]-}" ] && [ -z "${is_in[$pid]-}" ] || continue
			is_in[$pid]=1 has_grown=1
		done
	done
	tree=("${!is_in[@]}")
}

# Ends what has been started or restored, with all that has come from it, also if that has lost its parent meanwhile.
stop_app() {
	local pid known='' tree=() has_grown=1
	[ -n "$app" ] || return 0
	# Stopped, none of them makes another: once none is new, these are all.
	while [ -n "$has_grown" ]; do
		has_grown=
		find_tree
		for pid in "${tree[@]}"; do
			[[ " $known " != *" $pid "* ]] || continue
			kill -STOP "$pid" 2>/dev/null
			known+=" $pid" has_grown=1
		done
	done
	# shellcheck disable=SC2086 # a list of pids
	[ -z "$known" ] || kill -KILL $known 2>/dev/null
	for pid in $known; do
		eventually has_ended "$pid"
	done
	app=''
	started=''
}

# try NAME COMMAND...: says whether it worked, and keeps what it printed in out.txt. Returns its exit status.
try() {
	local name=$1 status
	shift
	timeout --kill-after=5 "$limit" "$@" </dev/null >out.txt 2>&1
	status=$?
	if [ "$status" -eq 0 ]; then
		pass "$name"
	else
		fail "$name" "exit status $status: $*" "$(cat out.txt)"
	fi
	return "$status"
}

# The archive is what it claims to be, to our own program and to those of others.
archive_is_good() {
	zstd -q -t "$1" && tar --zstd -tf "$1" >/dev/null && "$cr_restore" --verify -q -i "$1" || return
	! command -v bsdtar >/dev/null || bsdtar -tf "$1" >/dev/null
}

# What goes before the commands, and more arguments of theirs.
dump_prefix=() dump_options=()
restore_prefix=() restore_options=()

# dump_when COMMAND...: dumps the app once the command succeeds. What the app needs that is not supported yet is given in
# $unsupported as an extended regular expression: a refusal that names it skips the rest of the test.
unsupported=
dump_when() {
	local status
	if ! eventually has_ended_or "$@" || has_ended "$app"; then
		fail "reach the middle of its work" "$(tail -n 20 app.err)"
		exit 1
	fi
	timeout --kill-after=5 "$limit" "${dump_prefix[@]}" "$cr_dump" -q "${dump_options[@]}" -t "$app" -o app.tar.zst </dev/null >out.txt 2>&1
	status=$?
	if [ "$status" -eq 3 ] && [ -n "$unsupported" ] && grep -qiE -e "$unsupported" out.txt; then
		skip "dump" "$(grep -iE -m 1 -e "$unsupported" out.txt)"
		exit 0
	fi
	if [ "$status" -ne 0 ]; then
		fail "dump" "exit status $status" "$(cat out.txt)"
		exit 1
	fi
	if ! eventually has_gone "$app"; then
		fail "dump" "process $app is still there"
		exit 1
	fi
	pass "dump"
	started=
	archive_is_good app.tar.zst >out.txt 2>&1 && pass "the archive is good" || fail "the archive is good" "$(cat out.txt)"
}

# Restores the app, which must be what it was: the same pid, as the pid file says too.
restore() {
	local pid
	rm -f app.pid
	try "restore" "${restore_prefix[@]}" "$cr_restore" -q "${restore_options[@]}" -i app.tar.zst -d --pidfile app.pid || exit 1
	pid=$(cat app.pid)
	[ "$pid" = "$app" ] || fail "the pid file" "it says '$pid', not $app"
	started=$(stat_field "$app" 22)
}

# Restores the app and waits until it is done, as the command does by itself.
restore_in_foreground() {
	local status
	timeout --kill-after=5 "$limit" "$cr_restore" -q -i app.tar.zst </dev/null >out.txt 2>&1
	status=$?
	if [ "$status" -ne 0 ] || [ -s app.err ]; then
		[ "$status" -ne 124 ] || started=$(stat_field "$app" 22)
		fail "restore, and come to its end with status 0" "exit status $status" "$(cat out.txt)" "$(cat app.err)"
		exit 1
	fi
	pass "restore, and come to its end with status 0"
}

# Waits until the restored app is done.
finish() {
	if ! eventually has_ended "$app"; then
		fail "come to its end" "after $limit seconds it is still at work: $(cat "/proc/$app/wchan")" "$(tail app.err)"
		exit 1
	fi
	started=
	if [ -s app.err ]; then
		fail "come to its end" "$(cat app.err)"
		exit 1
	fi
}

# same NAME EXPECTED FILE: the file is what an undisturbed run has made.
same() {
	if cmp "$2" "$3" >out.txt 2>&1; then
		pass "$1"
	else
		fail "$1" "$(cat out.txt)" "$(ls -l "$2" "$3")" "$(tail -c 500 "$3" | tr -cd '[:print:]\n')"
	fi
}

# make_data FILE MIB: something to compress, every second MiB of it random.
make_data() {
	local i
	seq 1 200000 | head -c 1048576 >"$1.numbers"
	for ((i = 0; i < $2 / 2; i++)); do
		head -c 1048576 /dev/urandom
		cat "$1.numbers"
	done >"$1"
	rm "$1.numbers"
}
