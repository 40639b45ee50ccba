#!/bin/bash
# SPDX-License-Identifier: MIT
# What --help says and what the manual says must be the same set of options: tests/lint/manuals.sh BUILD_DIR
set -u
. tests/lint/report.bash

# Both print one option a line, "-t --tree=PID", sorted.
options_of_help() {
	"$1" --help | sed -n -E 's/^ +((-.), )?(--[a-z].*)/\2 \3/p' | sed -E 's/^ //; s/  .*//' | sort
}
# From an mdoc line like: .It Fl t Ar PID , Fl -tree Ns = Ns Ar PID
options_of_manual() {
	sed -n -E -e 's/^\.It (Fl ([A-Za-z])( Ar [A-Z]+)? , )?Fl -([a-z-]+)/-\2 --\4/; T' \
		-e 's/ Ns Oo = Ns Ar ([^ ]+) Oc$/[=\1]/; s/ Ns = Ns Ar /=/; s/^- //; p' "$1" | sort
}

for command in cr-dump cr-restore; do
	if [ ! -x "$1/$command" ]; then
		lint_report "manuals: $command" "$1/$command has not been built"
		continue
	fi
	lint_report "manuals: options of $command" \
		"$(diff <(options_of_help "$1/$command") <(options_of_manual "man/$command.8") |
			sed -n -e 's/^</only --help has:/p' -e 's/^>/only the manual has:/p')"
done

exit "$lint_failed"
