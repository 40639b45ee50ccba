#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs in a terminal that is dumped with them: a shell with jobs, an editor, a pager. They take keys afterwards as before.
set -u
. tests/apps/lib.bash
needs python3

# The interpreter itself: a wrapper of it (pyenv, for example) would leave a shell in front.
python=$(python3 -c 'import sys; print(sys.executable)')

shows() {
	grep -qae "$1" screen
}
expect() {
	if eventually shows "$2"; then
		pass "$1"
	else
		fail "$1" "'$2' has not been shown:" "$(tail -c 1000 screen | tr -cd '[:print:]\n')"
		exit 1
	fi
}
type_keys() {
	printf "$1" >>keys
}

# in_terminal COMMAND...: starts it in a terminal of its own.
in_terminal() {
	rm -f keys screen
	: >keys
	: >screen
	start "$python" "$sources/terminal.py" keys screen "$@"
}

about="bash: "
in_terminal env PS1='ready: ' bash --norc --noprofile
expect "it shows its prompt" 'ready: '
type_keys 'value=42; sleep 1000 & sleep 2000\n'
sleep 0.3
type_keys '\032'
expect "a job is stopped" 'Stopped .*sleep 2000'
type_keys 'echo half a l'
dump_when shows 'half a l'
restore
type_keys 'ine $value\n'
expect "the line can be finished" 'half a line 42'
type_keys 'jobs\n'
expect "it knows its jobs" 'Running .*sleep 1000'
type_keys 'kill %%1; fg %%2\n'
sleep 0.3
type_keys '\003'
type_keys 'echo status $?\n'
expect "a job can be interrupted in the foreground" 'status 130'
type_keys 'exit\n'
finish

seq 1 500 | sed 's/^/line number /' >text
about="vim: "
if command -v vim >/dev/null; then
	in_terminal env TERM=vt100 vim -u NONE -N text
	expect "it shows the file" 'line number 15'
	type_keys 'ggOwritten before'
	dump_when shows 'written before'
	restore
	type_keys ' and after\033:wq\r'
	finish
	if [ "$(head -n 1 text)" = 'written before and after' ]; then
		pass "it has written the file"
	else
		fail "it has written the file" "$(head -n 3 text)"
	fi
else
	skip "all of it" "vim is not installed"
fi

about="less: "
if command -v less >/dev/null; then
	in_terminal env TERM=vt100 less text
	dump_when shows 'line number 15'
	restore
	type_keys '/number 321\r'
	expect "it finds a line" 'number 321'
	type_keys 'q'
	finish
else
	skip "all of it" "less is not installed"
fi

# A terminal within the terminal: what is shown in the inner one is passed on, and written down.
about="script: "
if command -v script >/dev/null; then
	rm -f typescript
	in_terminal script -q -f -c "env PS1='ready: ' bash --norc --noprofile" typescript
	expect "its shell shows its prompt" 'ready: '
	type_keys 'value=42; echo half a l'
	dump_when shows 'half a l'
	restore
	type_keys 'ine $value\n'
	expect "the line can be finished" 'half a line 42'
	type_keys 'exit\n'
	finish
	if grep -qa 'half a line 42' typescript; then
		pass "it has written down what was shown"
	else
		fail "it has written down what was shown" "$(tr -cd '[:print:]\n' <typescript)"
	fi
else
	skip "all of it" "script is not installed"
fi

# A line that is being typed in canonical mode, and one that was not read yet.
about="cat: "
in_terminal sh -c 'until [ -e go ]; do sleep 0.1; done; exec cat'
type_keys 'first\nsec'
dump_when shows 'sec'
restore
type_keys 'ond\n\004'
expect "the line can be finished" 'second'
touch go
finish
same "both lines are read" <(printf '%s\n' first second first second) <(tr -cd '[:lower:]\n' <screen)
exit "$failed"
