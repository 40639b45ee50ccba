#!/bin/bash
# SPDX-License-Identifier: MIT
# A Python program with threads that compute, sleep, and pass on work by queues, dumped on the way. It checks itself.
set -u
. tests/apps/lib.bash
needs python3

python3 "$sources/threads.py" 3000 expected.progress >expected
start python3 "$sources/threads.py" 3000 progress
dump_when has_lines progress 1000
restore_in_foreground
same "the checksum is the same" expected app.out
exit "$failed"
