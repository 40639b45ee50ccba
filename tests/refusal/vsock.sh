#!/bin/bash
# SPDX-License-Identifier: MIT
# Vsock sockets that cannot be made on this host.
set -u
. tests/refusal/network.bash
if ! python3 -c 'import socket; socket.socket(socket.AF_VSOCK)' 2>/dev/null; then
	echo "ok - refusal/vsock # SKIP needs a kernel with AF_VSOCK, and python3"
	exit 0
fi

dumped vsock
other_holds vsock
refused 'the port is taken' 3 'vsock socket of port 47110' 'another program has that port' -- \
	"$cr_restore" --check -i "$archive"
end_other
works 'the port is free again' "$cr_restore" --check -i "$archive"

exit "$failed"
