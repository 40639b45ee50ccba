#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs whose pipes, sockets, terminals and files lead outside, by consent: dumped, and restored with others instead,
# or with the other end closed.
set -u
. tests/apps/lib.bash
needs python3 cat

python3 "$sources/externals.py" "$build" "$scratch" "$group" || failed=1
exit "$failed"
