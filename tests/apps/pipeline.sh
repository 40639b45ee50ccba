#!/bin/bash
# SPDX-License-Identifier: MIT
# A pipeline of a shell: a part of it alone is refused, and the whole is taken, with what is on its way.
set -u
. tests/apps/lib.bash
needs awk gzip md5sum

# shellcheck disable=SC2016 # is for awk
numbers='BEGIN { for (i = 0; i < 1500000; i++) print i * i % 7919 }'
awk "$numbers" | md5sum >expected
cat >pipeline.sh <<'END'
awk "$1" | tee numbers | gzip -1 -c | gunzip -c | md5sum
status=("${PIPESTATUS[@]}")
echo "${status[@]}" >statuses
END

# The reader is no part of what is started, and reads nothing until it is told to.
about='a part: '
mkfifo go
exec 7> >(read -r _ <go && exec md5sum >reader.out)
setsid awk "$numbers" </dev/null >&7 2>app.err 7>&- &
app=$!
disown "$app"
exec 7>&-
eventually became_other_than_bash
started=$(stat_field "$app" 22)
is_blocked() {
	grep -q '^1 0x1 ' "/proc/$app/syscall"
}
eventually is_blocked || fail "fill the pipe"
"$cr_dump" -t "$app" -o app.tar.zst </dev/null >out.txt 2>&1
status=$?
if [ "$status" -eq 3 ] && grep -qE "pid $app \(awk\): fd 1: pipe:\[[0-9]+\].*read end is held outside.*'pipeline.sh' \(pid" out.txt; then
	pass "refused"
else
	fail "refused" "exit status $status" "$(cat out.txt)"
fi
[ ! -e app.tar.zst ] || fail "refused: no archive"
echo >go
finish
eventually test -s reader.out
same "goes on as if nothing had been" expected reader.out

about='the whole: '
start bash pipeline.sh "$numbers"
dump_when has_grown_to numbers 2000000
restore
finish
same "the output is the same" expected app.out
same "each part has come to a good end" <(echo "0 0 0 0 0") statuses
exit "$failed"
