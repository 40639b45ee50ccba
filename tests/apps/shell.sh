#!/bin/bash
# SPDX-License-Identifier: MIT
# A loop of bash and one of dash that append to a file, dumped on the way. Their traps still work afterwards. There is
# nothing in the loop but builtins: no child is there when the shell is dumped.
set -u
. tests/apps/lib.bash

cat >loop.sh <<'END'
trap 'echo "usr1 in round $round" >>traps' USR1
value=1 round=0 seen=
name=$1
shift
step() {
	value=$(($1 * 16807 % 2147483647))
}
while [ "$round" -lt 40 ]; do
	round=$((round + 1)) i=0
	while [ "$i" -lt 3000 ]; do
		step "$value"
		i=$((i + 1))
	done
	case $value in
	*7*) seen="$seen $round" ;;
	esac
	echo "$round $value $* ($seen )" >>"$name"
done
echo "$name: done"
END

for shell in bash dash; do
	if ! command -v "$shell" >/dev/null; then
		skip "$shell: all of it" "$shell is not installed"
		continue
	fi
	about="$shell: "
	rm -f traps expected log
	"$shell" loop.sh expected some 'arguments of' "$shell" >/dev/null
	start "$shell" loop.sh log some 'arguments of' "$shell"
	dump_when has_lines log 10
	rm -f traps
	restore
	kill -USR1 "$app"
	finish
	same "the file is the same" expected log
	same "it has come to its end" <(echo "log: done") app.out
	if grep -q '^usr1 in round ' traps 2>/dev/null; then
		pass "it has heard a signal"
	else
		fail "it has heard a signal"
	fi
done
exit "$failed"
