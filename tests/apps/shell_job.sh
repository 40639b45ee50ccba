#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs that a shell in a terminal (of tmux, which is not dumped) has started, dumped and restored with --shell-job: they
# draw their screen again, take keys, stop with ^Z, go on with fg, and end in the shell.
set -u
. tests/apps/lib.bash
needs tmux

tm() {
	tmux -S "$scratch/tmux" -f /dev/null "$@"
}
keys() {
	tm send-keys -t user "$@"
}
# With the lines in one that the window, at the length of whatever path it shows, has broken.
screen() {
	tm capture-pane -p -J -t user
}
shows() {
	screen | grep -qe "$1"
}
# The screen, when it has not changed for a moment.
still_screen() {
	local last='' now
	now=$(screen)
	while [ "$now" != "$last" ]; do
		last=$now
		sleep 0.1
		now=$(screen)
	done
	printf '%s\n' "$now"
}
end_tmux() {
	tm kill-server 2>/dev/null
	cleanup
}
trap end_tmux EXIT

# expect NAME PATTERN: it comes to stand on the screen.
expect() {
	if eventually shows "$2"; then
		pass "$1"
	else
		fail "$1" "'$2' is not on the screen:" "$(screen)"
		exit 1
	fi
}

# The process that the shell has started, the one of that name.
find_job() {
	app=$(pgrep -x -P "$(tm list-panes -t user -F '#{pane_pid}')" "$1")
}

# What the screen shows but for its last lines, in which programs put what they say once only.
lines_of() {
	head -n 18
}

# It has the terminal.
in_foreground() {
	[ "$(stat_field "$app" 8)" = "$(stat_field "$app" 5)" ]
}

# job PROGRAM PATTERN COMMAND [changing|silent|asked]: starts it in the shell, waits for its screen, dumps it, and restores it.
# The screen has to be what it was, if it does not change by itself; one that is silent shows its own upon a key only, and one
# that is asked shows all of its own upon ^L.
job() {
	local before status
	about="$1: "
	keys "clear; $3" Enter
	eventually find_job "$1" || fail "start" "$(screen)"
	expect "it shows its screen" "$2"
	before=$([ -n "${4-}" ] || still_screen | lines_of)
	timeout 60 "$cr_dump" -q -j -t "$app" -o app.tar.zst >out.txt 2>&1
	status=$?
	if [ "$status" -eq 3 ] && [ "$1" = top ] && grep -q '/proc/.*cannot be preserved yet' out.txt; then
		skip "dump" "$(head -n 1 out.txt)"
		kill -KILL "$app"
		return 1
	elif [ "$status" -ne 0 ]; then
		fail "dump" "$(cat out.txt)"
		exit 1
	fi
	pass "dump"
	eventually has_gone "$app"
	keys "" Enter "reset; stty sane; clear" Enter
	expect "the shell is there again" '^ready\$'
	keys "clear; $cr_restore -j -i $scratch/app.tar.zst" Enter
	eventually in_foreground || fail "it has the terminal"
	case ${4-} in
	silent) keys Enter ;;
	asked) keys C-l ;;
	esac
	expect "it shows its screen again" "$2"
	[ -n "${4-}" ] ||
		same "the screen is the same" <(printf '%s\n' "$before") <(still_screen | lines_of)
}

tm new-session -d -x 70 -y 20 -s user "env PS1='ready\$ ' bash --norc --noprofile" 250>&- 251>&- || {
	fail "start tmux"
	exit 1
}
expect "a shell in a terminal" '^ready\$'
seq 1 500 | sed 's/^/line number /' >text

if command -v vim >/dev/null; then
	job vim 'line number 1$' "vim -u NONE -N $scratch/text"
	keys "ggOwritten after the restore"
	expect "it takes keys" 'written after the restore'
	keys Escape
	sleep 1
	keys C-z
	expect "^Z stops it" 'Stopped'
	keys "clear; jobs" Enter
	expect "the shell knows it" 'Stopped .*cr-restore'
	keys "fg" Enter
	expect "fg continues it" 'written after the restore'
	tm resize-window -t user -x 60 -y 15
	keys ":echo 'size' &lines &columns" Enter
	expect "it knows the size of the window" 'size 15 60'
	keys ":wq" Enter
	expect "it ends in the shell" '^ready\$'
	tm resize-window -t user -x 70 -y 20
	if [ "$(head -n 1 text)" = 'written after the restore' ]; then
		pass "it has written the file"
	else
		fail "it has written the file" "$(head -n 3 text)"
	fi
fi
if command -v less >/dev/null; then
	job less 'line number 15' "less $scratch/text"
	keys "G"
	expect "it takes keys" 'line number 500'
	keys "q"
	expect "it ends in the shell" '^ready\$'
fi
if command -v top >/dev/null; then
	if job top 'Tasks:' "top -d 0.5" changing; then
		keys "q"
		expect "it ends in the shell" '^ready\$'
	fi
fi
if command -v htop >/dev/null; then
	job htop 'Load average' "env HTOPRC=/dev/null htop -d 5" asked
	keys "q"
	expect "it ends in the shell" '^ready\$'
fi
job bash '^inner:' "env PS1='inner: ' some=value bash --norc --noprofile" silent
keys 'echo "$some $((6 * 7))"' Enter
expect "it takes commands" '^value 42'
keys 'sleep 1000' Enter
sleep 0.5
keys C-c
keys 'echo interrupted' Enter
expect "it has job control" '^interrupted'
keys 'exit' Enter
expect "it ends in the shell" '^ready\$'
exit "$failed"
