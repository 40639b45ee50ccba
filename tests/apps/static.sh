#!/bin/bash
# SPDX-License-Identifier: MIT
# A program without shared libraries, dumped on the way.
set -u
. tests/apps/lib.bash

program=$build/tests/apps/static_program
"$program" 40 >expected
start "$program" 40
dump_when has_lines app.out 15
restore
finish
same "the results are the same" expected app.out
exit "$failed"
