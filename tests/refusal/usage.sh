#!/bin/bash
# SPDX-License-Identifier: MIT
# Wrong command lines: status 2 and exactly one line, which says what is wrong and where help is.
set -u
. tests/refusal/lib.bash

start_target

# usage NAME PATTERN COMMAND...
usage() {
	local name=$1 pattern=$2
	shift 2
	refused "$name" 2 "^$(basename "$1"): .*$pattern.*; see $(basename "$1") --help\$" -- "$@"
	[ "$(wc -l <"$scratch/stderr")" -eq 1 ] || fail "$name: one line" "$(cat "$scratch/stderr")"
	[ ! -s "$scratch/stdout" ] || fail "$name: nothing on standard output" "$(cat "$scratch/stdout")"
}

out=$scratch/out/app.tar.zst
usage 'cr-dump alone' 'no process and no output' "$cr_dump"
usage 'no output' 'no output given' "$cr_dump" -t "$target"
usage 'no process' 'no process given' "$cr_dump" -o "$out"
usage 'two processes' "got '$target' and '1'" "$cr_dump" -o "$out" "$target" 1
usage 'process given twice' 'given twice' "$cr_dump" -o "$out" -t "$target" 1
for pid in 0 -5 abc 12x 4194305 99999999999999999999 1.5 ''; do
	usage "pid '$pid'" 'process id' "$cr_dump" -o "$out" "--tree=$pid"
done
usage 'stopped and running' 'exclude each other' "$cr_dump" -R -s -o "$out" "$target"
usage 'unknown option' "unknown option '--nonsense'" "$cr_dump" --nonsense -o "$out" "$target"
usage 'unknown letter' "unknown option '-Z'" "$cr_dump" -Z -o "$out" "$target"
usage 'missing argument' '--output needs an argument' "$cr_dump" "$target" -o
usage 'argument too many' '--check takes no argument' "$cr_dump" --check=1 "$target"
usage 'level out of range' 'from -7 to 19' "$cr_dump" --level=20 -o "$out" "$target"
usage 'threads out of range' 'from 0 to 64' "$cr_dump" --threads=65 -o "$out" "$target"
usage 'empty output' 'empty FILE' "$cr_dump" -o '' "$target"
usage 'connections kept and lost' 'give one of them' "$cr_dump" --tcp-close --tcp-established -o "$out" "$target"
usage 'check with an output' '--check writes nothing' "$cr_dump" --check -o "$out" "$target"

usage 'cr-restore alone' 'no archive given' "$cr_restore"
usage 'json alone' '--json goes with --inspect' "$cr_restore" --json -i "$out"
usage 'two modes' 'exclude each other' "$cr_restore" --list --verify -i "$out"
usage 'a new pid namespace, and no restore' '--new-pid-ns goes with' "$cr_restore" --new-pid-ns --list -i "$out"
usage 'an operand' "unexpected argument 'x'" "$cr_restore" x

for command in "$cr_dump" "$cr_restore"; do
	name=$(basename "$command")
	works "$name --help" "$command" --help
	grep -q "^Usage: $name " "$scratch/stdout" || fail "$name --help: on standard output"
	works "$name --version" "$command" --version
	grep -qE "^$name [0-9]+\.[0-9]+\.[0-9]+\$" "$scratch/stdout" || fail "$name --version: its form"
done

refused '--external of no known sort' 2 'not .mnt\[/\]' -- "$cr_dump" --external 'mnt[/]' -t 1 --check
refused '--external without a number' 2 'not .unix\[\]' -- "$cr_dump" --external 'unix[]' -t 1 --check
refused '--ext-unix-sk with a word' 2 'not .log' -- "$cr_dump" --ext-unix-sk=log -t 1 --check
refused '--stdio with another word' 2 'takes one of inherit' -- "$cr_dump" --stdio=close -t 1 --check
refused '--inherit-fd without a descriptor' 2 'not .3:unix' -- "$cr_restore" --inherit-fd '3:unix[4]' -i archive
refused '--inherit-fd of what is not open' 2 'descriptor 77 is not open' -- \
	"$cr_restore" --inherit-fd 'fd[77]:unix[4]' -i archive

exit "$failed"
