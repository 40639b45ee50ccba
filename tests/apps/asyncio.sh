#!/bin/bash
# SPDX-License-Identifier: MIT
# A Python asyncio program: epoll, a socket pair to wake it up, a listening unix socket and 20 connections to itself.
set -u
. tests/apps/lib.bash
needs python3

python3 "$sources/asyncio_server.py" "$scratch/expected.sock" 150 expected.progress >expected
start python3 "$sources/asyncio_server.py" "$scratch/app.sock" 150 progress
dump_when has_lines progress 700
restore
finish
same "the result is the same" expected app.out
exit "$failed"
