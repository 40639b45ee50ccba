#!/bin/bash
# SPDX-License-Identifier: MIT
# Shows the two commands at work: tests/demo/demo.sh BUILD_DIR
set -u
. tests/close_fds.bash

build=$(cd "$1" && pwd) || exit 1
counter=$build/tests/demo/counter
mkdir -p "$build/demo" && cd "$build/demo" || exit 1
rm -f app.tar.zst counter.log

sudo=()
if [ "$(id -u)" -ne 0 ]; then
	sudo=(sudo)
	sudo -v || { echo "demo: this needs root: a process can be given its old number by root only" >&2 && exit 1; }
fi
bold='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' plain=$'\e[0m'
fi

pid=
end_counter() {
	if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = counter ]; then
		"${sudo[@]}" kill "$pid"
	fi
}
trap end_counter EXIT
trap 'exit 130' INT TERM

say() {
	printf '\n%s\n' "$*"
}
# Shows a command as one would type it, and runs it.
run() {
	printf '%s$ %s%s\n' "$bold" "$*" "$plain"
	case $1 in
	cr-*) "${sudo[@]}" "$build/$1" "${@:2}" ;;
	*) "$@" ;;
	esac || { echo "demo: '$*' has failed with status $?" >&2 && exit 1; }
}
lines() {
	wc -l <counter.log
}

say "A program counts, and works through 64 MiB of memory at each step; the checksum covers all of it."
printf '%s$ setsid ./counter </dev/null >counter.log 2>&1 &%s\n' "$bold" "$plain"
setsid "$counter" </dev/null >counter.log 2>&1 &
pid=$!
disown
sleep 2.2
run cat counter.log

say "It is process $pid. Into one file with it:"
run cr-dump -t "$pid" -o app.tar.zst
before=$(lines)
for ((i = 0; i < 50; i++)); do
	[ -e "/proc/$pid" ] || break
	sleep 0.02
done
[ ! -e "/proc/$pid" ] || { echo "demo: process $pid is still there" >&2 && exit 1; }

say "The process is gone. What is left of it is an ordinary compressed tar archive:"
run ls -lh app.tar.zst
run tar --zstd -tvf app.tar.zst
say "Who was that?"
run cr-restore --inspect -i app.tar.zst

say "Two seconds without it. (It could be a reboot, or the way to another machine.)"
sleep 2
run cr-restore -d -i app.tar.zst
sleep 1.7
after=$(lines)

say "It is process $pid again, and goes on counting where it was; only the clock has jumped:"
run cat counter.log
[ "$after" -gt "$before" ] || { echo "demo: it does not count" >&2 && exit 1; }

say "The same checksums as in a run that nobody has interrupted?"
if "$counter" "$after" | diff - <(head -n "$after" counter.log | sed 's/^[0-9:]*  //'); then
	echo "${bold}All $after are the same.${plain}"
else
	echo "demo: they differ" >&2
	exit 1
fi
