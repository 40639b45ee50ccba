#!/bin/bash
# SPDX-License-Identifier: MIT
# TUN and TAP devices that cannot be preserved, or not on this host: named, and the program goes on.
set -u
. tests/refusal/network.bash
if [ ! -c /dev/net/tun ]; then
	echo "ok - refusal/tun # SKIP needs /dev/net/tun"
	exit 0
fi

holds tap-offload 'fd 20: ' "'tun9'" 'IFF_VNET_HDR' 'TUNSETPERSIST'
stop_target
holds tap-filter 'fd 20: ' "'tun9'" 'TUNATTACHFILTER'
stop_target
start_target tun
ip addr add 192.0.2.1/32 dev tun9
refused 'it has an address' 3 "\b$target\b" 'fd 20: ' "'tun9' has addresses or routes" 'ip tuntap add' -- \
	"$cr_dump" -t "$target" -o "$out"
ip addr del 192.0.2.1/32 dev tun9
ip link set tun9 up
ip route add 192.0.2.0/24 dev tun9
refused 'it has a route' 3 "\b$target\b" 'fd 20: ' "'tun9' has addresses or routes" -- "$cr_dump" -t "$target" -o "$out"
stop_target

dumped tun
ip link add tun9 type veth peer name v1
refused 'its name is taken' 3 "TUN device 'tun9'" 'there is a network interface of that name' -- \
	"$cr_restore" --check -i "$archive"
ip link del tun9
refused 'it may not be made' 3 "TUN device 'tun9'" 'CAP_NET_ADMIN' -- \
	setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$cr_restore" --check -i "$archive"
works 'it is made' "$cr_restore" -d -i "$archive"
target=$was
ip link show tun9 >/dev/null || fail 'it is made: it is there'
stop_target

dumped tun-staying
works 'it has stayed' "$cr_restore" --check -i "$archive"
ip link del tun9
refused 'it has not stayed' 3 "TUN device 'tun9' is not there" 'ip tuntap add dev tun9 mode tun' -- \
	"$cr_restore" --check -i "$archive"

exit "$failed"
