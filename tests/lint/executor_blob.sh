#!/bin/bash
# SPDX-License-Identifier: MIT
# The code that runs inside other processes has to be complete and movable: tests/lint/executor_blob.sh BUILD_DIR
set -u
. tests/lint/report.bash

size_limit=2048
blob=$1/common/arch/x86_64/executor.o

if [ ! -f "$blob" ]; then
	echo "ok - lint/executor blob # SKIP $blob has not been built"
	exit 0
fi
lint_report 'executor blob: no relocations' \
	"$(readelf -rW "$blob" | grep -E '^[0-9a-f]+ ')"
lint_report 'executor blob: no undefined symbols' "$(nm -u "$blob")"
size=$(size "$blob" | awk 'NR == 2 { print $4 }')
lint_report "executor blob: smaller than $size_limit bytes" \
	"$([ "$size" -lt "$size_limit" ] || echo "it has $size")"
lint_report 'executor blob: no data that could be written' \
	"$(size "$blob" | awk 'NR == 2 && $2 + $3 > 0 { print $2 " bytes of data, " $3 " of bss" }')"

exit "$lint_failed"
