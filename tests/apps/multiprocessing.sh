#!/bin/bash
# SPDX-License-Identifier: MIT
# A pool of Python processes with pipes, semaphores in shared memory and threads between them, dumped on the way.
set -u
. tests/apps/lib.bash
needs python3

python3 "$sources/pool.py" expected.progress >expected
start python3 "$sources/pool.py" progress
dump_when has_lines progress 300
restore
finish
same "the result is the same" expected app.out
exit "$failed"
