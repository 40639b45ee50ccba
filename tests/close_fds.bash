# SPDX-License-Identifier: MIT
# To be sourced: closes all descriptors but 0, 1 and 2. Terminals, editors and CI agents leave pipes open in whatever they
# start, and a program that had inherited one of those would rightly be refused.
# shellcheck shell=bash

for inherited in "/proc/$BASHPID/fd"/*; do
	inherited=${inherited##*/}
	# 255 is where bash reads the script from; it closes that one by itself in what it starts
	if [ "$inherited" -gt 2 ] && [ "$inherited" -ne 255 ]; then
		eval "exec $inherited>&-"
	fi
done
unset inherited
