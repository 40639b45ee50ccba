#!/bin/bash
# SPDX-License-Identifier: MIT
# tail -F, which waits by inotify for what is appended to a file, and for another file under its name.
set -u
. tests/apps/lib.bash
needs tail

# in a folder of its own: tail watches that, and is told of all that is made there
mkdir watched
echo first >watched/log
start tail -n +1 -F watched/log
dump_when has_lines app.out 1
echo while it is away >>watched/log
restore
pass_when() {
	if eventually grep -qx "$2" app.out; then
		pass "$1"
	else
		fail "$1" "$(cat app.out app.err 2>/dev/null)"
	fi
}
echo second >>watched/log
pass_when "it follows the file" second
pass_when "and finds what came before that" 'while it is away'
mv watched/log watched/log.old
echo another >watched/log
pass_when "it follows the name" another
same "nothing was said twice" <(printf '%s\n' first 'while it is away' second another) app.out
exit "$failed"
