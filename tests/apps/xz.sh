#!/bin/bash
# SPDX-License-Identifier: MIT
# xz with two threads, dumped when half of its output is written.
set -u
. tests/apps/lib.bash "$1"
needs xz
. "$sources/data.bash"

make_data data 40
xz -T2 -3 --block-size=2MiB -k -c data >expected.xz

# a pipe to itself, by which its signal handler wakes it up
unsupported='pipe'
start xz -T2 -3 --block-size=2MiB -k data
dump_when has_grown_to data.xz $(($(size_of expected.xz) / 2))
restore
finish
same "the output is the same" expected.xz data.xz
exit "$failed"
