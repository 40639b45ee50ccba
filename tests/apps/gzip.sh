#!/bin/bash
# SPDX-License-Identifier: MIT
# gzip, dumped when half of its output is written.
set -u
. tests/apps/lib.bash
needs gzip

make_data data 40
gzip -k -c data >expected.gz

start gzip -n -k data
dump_when has_grown_to data.gz $(($(size_of expected.gz) / 2))
restore
finish
gzip -dc data.gz >unpacked
same "the data are the same when unpacked" data unpacked
exit "$failed"
