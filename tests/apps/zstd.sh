#!/bin/bash
# SPDX-License-Identifier: MIT
# zstd with two threads of its own, dumped when half of its output is written.
set -u
. tests/apps/lib.bash
needs zstd

make_data data 80
zstd -q -T2 -13 -k data -o expected.zst

start zstd -q -T2 -13 -k data -o data.zst
dump_when has_grown_to data.zst $(($(size_of expected.zst) / 2))
restore
finish
same "the output is the same" expected.zst data.zst
exit "$failed"
