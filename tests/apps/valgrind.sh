#!/bin/bash
# SPDX-License-Identifier: MIT
# gzip under valgrind, which has no vdso and holds its own code at addresses of its own.
set -u
. tests/apps/lib.bash
needs gzip valgrind

make_data data 6
gzip -k -c data >expected.gz

start valgrind --vgdb=no --log-file=log gzip -n -k data
dump_when has_grown_to data.gz $(($(size_of expected.gz) / 2))
restore
finish
gzip -dc data.gz >unpacked
same "the data are the same when unpacked" data unpacked
exit "$failed"
