#!/bin/bash
# SPDX-License-Identifier: MIT
# Holds the layers that CONTRIBUTING.md describes against the #include lines.
set -u
. tests/lint/report.bash

# Prints the #include lines that match the regular expression $1, in files whose path matches $2 but not $3.
includes() {
	grep -rnE --include='*.[chS]' "^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]$1" \
		common format dumper restorer | grep -E "^($2)" | grep -vE "^($3):"
}
nothing='-'

lint_report 'layers: common knows no other folder' \
	"$(includes '(format|dumper|restorer)/|[^">]*\.pb-c\.h' 'common/' "$nothing")"
lint_report 'layers: format depends on common only' "$(includes '(dumper|restorer)/' 'format/' "$nothing")"
lint_report 'layers: dumper and restorer never include each other' \
	"$(includes 'restorer/' 'dumper/' "$nothing"; includes 'dumper/' 'restorer/' "$nothing")"
lint_report 'layers: libarchive and libzstd only in the archive files of format' \
	"$(includes '(archive|archive_entry|zstd)\.h>' '' 'format/(archive_[a-z_]*|frames|message)\.[ch]')"
lint_report 'layers: libnl only in common/netlink' "$(includes 'netlink/' '' 'common/netlink/[^:]*')"
lint_report 'layers: ptrace only in common/tracee and common/arch' \
	"$(includes 'sys/ptrace\.h' '' 'common/(tracee|arch)/[^:]*')"
lint_report 'layers: own headers by their path from the top' \
	"$(includes '\.' '' "$nothing")"

exit "$lint_failed"
