#!/bin/bash
# SPDX-License-Identifier: MIT
# sha512sum, dumped when it has read half of a big file.
set -u
. tests/apps/lib.bash
needs sha512sum

make_data data 8
truncate -s 450M data
make_data end 8
cat end >>data
sha512sum data >expected

start sha512sum data
dump_when has_read "$scratch/data" 230000000
restore
finish
same "the checksum is the same" expected app.out
exit "$failed"
