#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs groups of tests and sums them up: tests/run.sh BUILD_DIR GROUP...
#
# A group is a script tests/GROUP/run.sh that is called with BUILD_DIR and prints one line a test:
#   ok - NAME    not ok - NAME    ok - NAME # SKIP WHY
# What it prints beside these is shown as it is. A group that runs too long, or ends badly without a "not ok" of its
# own, counts as one failure. The last line is "N passed, N failed, N skipped"; the exit status is 0 if none failed.
#
# TEST_TIMEOUT: seconds for one group (900).
set -u

if [ $# -lt 2 ]; then
	echo "usage: tests/run.sh BUILD_DIR GROUP..." >&2
	exit 2
fi
cd "$(dirname "$0")/.." || exit 2
. tests/close_fds.bash
# What make tells its own jobs is not for programs under test, some of which are makes themselves.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKE_TERMOUT MAKE_TERMERR
build=$1
shift

limit=${TEST_TIMEOUT:-900}
results=$(mktemp -d) || exit 2
group_pid=
trap '[ -z "$group_pid" ] || kill "$group_pid"; rm -rf "$results"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

# Runs the group $1, shows its lines, leaves its counts in group_passed, group_failed, group_skipped.
run_group() {
	local status output=$results/$1

	# not a pipe: a program that a failed test leaves behind would hold it open for ever
	: >"$output"
	timeout --kill-after=10 "$limit" "tests/$1/run.sh" "$build" </dev/null >"$output" 2>&1 &
	group_pid=$!
	tail -n +1 -f -s 0.1 --pid="$group_pid" "$output"
	wait "$group_pid"
	status=$?
	group_pid=
	group_skipped=$(grep -c '^ok .*# SKIP' "$output")
	group_passed=$(($(grep -c '^ok ' "$output") - group_skipped))
	group_failed=$(grep -c '^not ok ' "$output")
	if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		echo "not ok - $1: stopped after $limit seconds"
		group_failed=$((group_failed + 1))
	elif [ "$status" -ne 0 ] && [ "$group_failed" -eq 0 ]; then
		echo "not ok - $1: ended with status $status"
		group_failed=1
	elif [ $((group_passed + group_failed + group_skipped)) -eq 0 ]; then
		echo "not ok - $1: has run no test"
		group_failed=1
	fi
}

for group in "$@"; do
	echo "# $group"
	if [ ! -x "tests/$group/run.sh" ]; then
		echo "ok - $group # SKIP there are no such tests yet"
		skipped=$((skipped + 1))
		continue
	fi
	started=$SECONDS
	run_group "$group"
	echo "# $group: $group_passed passed, $group_failed failed, $group_skipped skipped in" \
		"$((SECONDS - started)) s"
	passed=$((passed + group_passed))
	failed=$((failed + group_failed))
	skipped=$((skipped + group_skipped))
	[ "$group_failed" -eq 0 ] || grep -h '^not ok ' "$results/$group" >>"$results/failures"
done

if [ -s "$results/failures" ]; then
	echo "# failures:"
	sed 's/^/#   /' "$results/failures"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
