#!/bin/bash
# SPDX-License-Identifier: MIT
# xz with two threads, dumped when half of its output is written.
set -u
. tests/apps/lib.bash
needs xz

make_data data 32
xz -T2 -3 --block-size=2MiB -k -c data >expected.xz

# It has a pipe to itself, by which the signal handler wakes up poll(2).
start xz -T2 -3 --block-size=2MiB -k data
dump_when has_grown_to data.xz $(($(size_of expected.xz) / 2))
restore
finish
same "the output is the same" expected.xz data.xz
exit "$failed"
