#!/bin/bash
# SPDX-License-Identifier: MIT
# A tmux server with two windows, a shell and an editor, dumped without a client and restored: the screens are the same, and a
# client can attach, type and resize.
set -u
. tests/apps/lib.bash
needs tmux vim
unsupported='unix stream socket .* cannot be preserved yet'

tm() {
	tmux -S "$scratch/tmux" -f /dev/null "$@"
}
shows() {
	tm capture-pane -p -t "$1" | grep -qe "$2"
}
expect() {
	if eventually shows "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "'$3' is not on the screen:" "$(tm capture-pane -p -t "$2")"
		exit 1
	fi
}
screens() {
	tm capture-pane -p -t shell
	tm capture-pane -p -t editor
	tm list-windows -a -F '#{window_name} #{window_width}x#{window_height} #{pane_current_command}'
}

seq 1 500 | sed 's/^/line number /' >text
tm new-session -d -x 70 -y 20 -n shell "env PS1='ready: ' bash --norc --noprofile" 250>&- 251>&- || {
	fail "start tmux"
	exit 1
}
tm new-window -n editor "vim -u NONE -N text"
app=$(tm display-message -p '#{pid}')
started=$(stat_field "$app" 22)
expect "a shell" shell '^ready:'
expect "an editor" editor 'line number 15'
tm send-keys -t shell 'value=$((6 * 7)); sleep 1000 &' Enter 'echo half a l'
expect "a line is being typed" shell 'half a l'
screens >before
dump_when true
restore
same "the screens are the same" before <(screens)

# A client, in a terminal of another tmux.
outer() {
	tmux -S "$scratch/outer" -f /dev/null "$@"
}
end_outer() {
	outer kill-server 2>/dev/null
	cleanup
}
attached_shows() {
	outer capture-pane -p | grep -qe "$1"
}
trap end_outer EXIT
outer new-session -d -x 70 -y 21 "env -u TMUX tmux -S $scratch/tmux attach -t 0:shell" 250>&- 251>&-
if eventually attached_shows 'half a l$'; then
	pass "a client can attach"
else
	fail "a client can attach" "$(outer capture-pane -p)"
fi
outer send-keys 'ine $value' Enter
expect "the line can be finished" shell '^half a line 42'
tm send-keys -t shell 'jobs; kill %1' Enter
expect "the shell knows its job" shell 'Running .*sleep 1000'
tm resize-window -t editor -x 60 -y 15
tm send-keys -t editor ":echo 'size' &lines &columns" Enter
expect "the editor knows the size of its window" editor 'size 15 60'
tm send-keys -t editor ':q' Enter
tm send-keys -t shell 'exit' Enter
finish
pass "it ends with its last window"
exit "$failed"
