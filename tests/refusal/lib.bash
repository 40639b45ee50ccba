# SPDX-License-Identifier: MIT
# For the tests in this folder to source, with BUILD_DIR as their first argument.
# shellcheck shell=bash

. tests/close_fds.bash
build=$(cd "$1" && pwd) || exit 1
# shellcheck disable=SC2034 # for those who source this
cr_dump=$build/cr-dump cr_restore=$build/cr-restore
group=refusal/$(basename "$0" .sh)
scratch=$(mktemp -d /tmp/cr-refusal.XXXXXX) || exit 1
chmod 755 "$scratch"
mkdir "$scratch/out" # where archives go; a refusal leaves it empty
# shellcheck disable=SC2034
failed=0
target=   # the process that must come through unharmed
tracer=0  # who is expected to trace it
started=() # all that is to be ended when the test is over

cleanup() {
	local pid
	for pid in "${started[@]}"; do
		# some have ended long ago, and their number may be another's now
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		refusal_* | sleep) kill -KILL "$pid" ;;
		esac
	done
	wait 2>/dev/null
	rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

pass() {
	echo "ok - $group: $1"
}
fail() {
	echo "not ok - $group: $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/#   /'
	# shellcheck disable=SC2034
	failed=1
}
skip() {
	echo "ok - $group: $1 # SKIP $2"
}

# Waits at most two seconds for the command to succeed.
eventually() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" 2>/dev/null && return 0
		sleep 0.02
	done
	return 1
}

# What must be the same about the process $1 before and after.
picture_of() {
	cat "/proc/$1/maps"
	grep -E '^(Uid|Gid|Sig[PBIC]|Shd|Threads|Cap|NoNewPrivs|Seccomp)' "/proc/$1/status"
	ls -l "/proc/$1/fd" | awk 'NR > 1 { print $9, $10, $11 }'
}

# start_target WHAT...: starts refusal_target with WHAT to hold, as a session of its own, and waits until it counts.
start_target() {
	rm -f "$scratch/ticks"
	setsid "$build/tests/refusal/refusal_target" "$scratch/ticks" "$@" </dev/null >/dev/null 2>"$scratch/target.err" &
	target=$!
	disown "$target"
	started+=("$target")
	if ! eventually test -s "$scratch/ticks"; then
		fail "start a target with: $*" "$(cat "$scratch/target.err")"
		exit 1
	fi
	picture_of "$target" >"$scratch/picture"
}

stop_target() {
	kill -KILL "$target" 2>/dev/null
	eventually gone "$target"
	target=
}

# True if there is no process $1, not even a dead one.
gone() {
	[ ! -e "/proc/$1" ]
}

ticks_beyond() {
	[ "$(cat "$scratch/ticks")" -gt "$1" ]
}

# Prints what is wrong with the target, nothing if it is as it was when it was started.
harm() {
	local state
	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$target/status" 2>/dev/null)
	case $state in
	R | S | D) ;;
	'') echo "the target is gone" && return ;;
	*) echo "the target is in state $state" ;;
	esac
	grep -q "^TracerPid:	$tracer\$" "/proc/$target/status" || echo "the target is traced by another: $(
		grep TracerPid "/proc/$target/status")"
	eventually ticks_beyond "$(cat "$scratch/ticks")" || echo "the target does not count any more"
	picture_of "$target" | diff "$scratch/picture" - >"$scratch/harm" || {
		echo "the target has changed:"
		cat "$scratch/harm"
	}
}

# refused NAME STATUS PATTERN... -- COMMAND...: the command must end with STATUS and say something that each extended
# regular expression PATTERN matches, create nothing in out/, and do the target, if there is one, no harm.
refused() {
	local name=$1 expected=$2 patterns=() problems='' status pattern
	shift 2
	while [ "$1" != -- ]; do
		patterns+=("$1")
		shift
	done
	shift
	timeout --kill-after=5 30 "$@" </dev/null >"$scratch/stdout" 2>"$scratch/stderr"
	status=$?
	[ "$status" -eq "$expected" ] || problems+="exit status $status, not $expected"$'\n'
	for pattern in "${patterns[@]}"; do
		grep -qiE -e "$pattern" "$scratch/stderr" || problems+="the message does not match: $pattern"$'\n'
	done
	[ -z "$(ls -A "$scratch/out")" ] || problems+="created: $(ls -A "$scratch/out")"$'\n'
	[ -z "$target" ] || problems+=$(harm)
	if [ -z "$problems" ]; then
		pass "$name"
	else
		fail "$name" "$problems" "it said: $(head -c 2000 "$scratch/stderr")"
		rm -rf "${scratch:?}/out"/* "$scratch/out"/.[!.]*
	fi
}

# works NAME COMMAND...: the command must end with status 0. Returns whether it did.
works() {
	local name=$1 status
	shift
	timeout --kill-after=5 30 "$@" </dev/null >"$scratch/stdout" 2>"$scratch/stderr"
	status=$?
	if [ "$status" -eq 0 ]; then
		pass "$name"
	else
		fail "$name" "exit status $status; it said: $(head -c 2000 "$scratch/stderr")"
		return 1
	fi
}

# refused_with WHAT PATTERN...: a target that holds WHAT, as its descriptor 20, is refused, by a dump and by a check.
refused_with() {
	local what=$1
	shift
	start_target "$what"
	refused "$what" 3 "\b$target\b" 'fd 20\b' "$@" -- "$cr_dump" -t "$target" -o "$scratch/out/app.tar.zst"
	refused "$what, --check" 3 "\b$target\b" 'fd 20\b' "$@" -- "$cr_dump" -t "$target" --check
	stop_target
}
