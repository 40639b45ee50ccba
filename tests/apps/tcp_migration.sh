#!/bin/bash
# SPDX-License-Identifier: MIT
# A connection moves with its server from one host to another, and the address with it: three network namespaces that
# are joined by a bridge.
set -u
if [ -z "${TCP_OWN_NETWORK-}" ]; then
	if ! command -v ip >/dev/null || ! unshare -n -m true 2>/dev/null; then
		echo "ok - apps/tcp_migration: all of it # SKIP needs root and ip"
		exit 0
	fi
	TCP_OWN_NETWORK=1 exec unshare -n -m "$0" "$@"
fi
. tests/apps/lib.bash
needs python3 nft
mkdir -p /run/netns
mount -t tmpfs none /run/netns

ip link set lo up
ip link add name join type bridge
ip link set join up
ip addr add 10.9.0.1/24 dev join
ip addr add fd09::1/64 dev join nodad
for host in one two; do
	ip netns add "$host"
	ip link add "to-$host" type veth peer name net netns "$host"
	ip link set "to-$host" master join up
	ip -n "$host" link set lo up
	ip -n "$host" link set net up
done

# move ADDRESS NAME OPTIONS: the server there moves from one to two.
move() {
	local address=$1 name=$2 extra=$3
	# shellcheck disable=SC2086
	ip -n one addr add "$address" dev net $extra
	start nsenter --net=/run/netns/one python3 "$sources/tcp_stream.py" echo "${address%/*}" 4700
	rm -f progress
	eventually is_python
	eventually is_listening
	python3 "$sources/tcp_stream.py" check "${address%/*}" 4700 16 progress >client.txt 2>&1 &
	client=$!
	dump_prefix=(nsenter --net=/run/netns/one)
	dump_options=(--tcp-established)
	dump_when has_lines progress 50
	ip -n one addr del "$address" dev net
	nsenter --net=/run/netns/two "$cr_restore" --check --tcp-established -i app.tar.zst >out.txt 2>&1
	[ $? -eq 3 ] && grep -q "${address%/*}.* is not one of this host" out.txt && pass "$name: refused without the address" ||
		fail "$name: refused without the address" "$(cat out.txt)"
	# shellcheck disable=SC2086
	ip -n two addr add "$address" dev net $extra
	restore_prefix=(nsenter --net=/run/netns/two)
	restore_options=(--tcp-established)
	restore
	if eventually has_ended "$client" && [ "$(cat client.txt)" = "all of it" ]; then
		pass "$name: every byte comes back"
	else
		fail "$name: every byte comes back" "$(tail -n 5 client.txt)" "$(tail -n 3 app.err)"
		kill -KILL "$client"
	fi
	eventually has_ended "$app" && pass "$name: the server sees the end" || fail "$name: the server sees the end"
	started=
	ip -n two addr del "$address" dev net
	[ -z "$(nsenter --net=/run/netns/two nft list ruleset)" ] && pass "$name: nothing is held back where it is" ||
		fail "$name: nothing is held back where it is"
	lock=$(nsenter --net=/run/netns/one "$cr_restore" --list-locks | sed 's/ .*//')
	try "$name: the lock of where it was is removed" nsenter --net=/run/netns/one "$cr_restore" --remove-lock="$lock"
	[ -z "$(nsenter --net=/run/netns/one nft list ruleset)" ] && pass "$name: nothing is held back where it was" ||
		fail "$name: nothing is held back where it was"
}
is_python() {
	[ "$(cat "/proc/$app/comm")" = python3 ]
}
is_listening() {
	nsenter --net=/run/netns/one ss -tlnH | grep -q :4700
}

move 10.9.0.2/24 IPv4 ''
move fd09::2/64 IPv6 nodad
exit "$failed"
