#!/bin/bash
# SPDX-License-Identifier: MIT
# Packet sockets that cannot be preserved, or not on this host: named, and the program goes on.
set -u
. tests/refusal/network.bash

# What has no kind of its own is named.
for family in MPTCP:262:2:1 XDP:0:44:3; do
	IFS=: read -r name protocol number type <<<"$family"
	if python3 -c "import socket; socket.socket($number, $type, $protocol)" 2>/dev/null; then
		holds "${name,,}" 'fd 20: ' "$name socket"
		stop_target
	else
		echo "ok - refusal/packet: $name # SKIP this kernel has no such sockets"
	fi
done

holds packet-fanout-program 'fd 20: ' 'PACKET_FANOUT_DATA'
stop_target
holds packet-ring-part 'maps a part of a ring'
stop_target
holds packet-ring-closed 'no descriptor of any more'
stop_target
holds packet-ring-written 'privately and has written to it'
stop_target

dumped packet
refused 'packet sockets are not permitted' 3 'packet socket of protocol 0x88b6 on lo' 'CAP_NET_RAW' -- \
	setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$cr_restore" --check -i "$archive"

dumped packet-fanout
other_holds packet-fanout
refused 'the group is taken' 3 'fanout group 9, which other programs here have' -- "$cr_restore" --check -i "$archive"
end_other
works 'the group is free again' "$cr_restore" --check -i "$archive"

ip link add v0 type veth peer name v1
ip link set v0 up
dumped packet-device
ip link set v0 name v9
refused 'the device is not there' 3 "bound to 'v0'" 'no such network interface' -- "$cr_restore" -d -i "$archive"
ip link set v9 name v0
works 'the device is there again' "$cr_restore" --check -i "$archive"

start_target packet-device
ip link del v0
refused 'the device has gone' 3 'network interface that is not there any more' -- "$cr_dump" -t "$target" -o "$out"
stop_target

exit "$failed"
