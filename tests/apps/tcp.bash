# SPDX-License-Identifier: MIT
# For tests of programs with TCP connections to source: in a network of their own, where nothing may be left behind.
# shellcheck shell=bash

if [ -z "${TCP_OWN_NETWORK-}" ]; then
	if ! command -v ip >/dev/null || ! unshare -n true 2>/dev/null; then
		echo "ok - apps/$(basename "$0" .sh): all of it # SKIP needs root and ip"
		exit 0
	fi
	TCP_OWN_NETWORK=1 exec unshare -n "$0" "$@"
fi
. tests/apps/lib.bash
needs nft
ip link set lo up
# shellcheck disable=SC2034
dump_options=(--tcp-established) restore_options=(--tcp-established)

listens() {
	ss -tlnH | grep -q ":$1 "
}
expect_free() {
	[ -z "$(nft list ruleset)" ] && pass "nothing is held back" || fail "nothing is held back" "$(nft list ruleset)"
}
# client NAME COMMAND...: one that is not dumped. Must end with status 0.
clients=()
client() {
	local name=$1
	shift
	(timeout --kill-after=5 "$limit" "$@" </dev/null >"$name.client" 2>&1 && echo content >>"$name.client") &
	clients+=("$name:$!")
}
expect_clients() {
	local one name pid
	for one in "${clients[@]}"; do
		name=${one%:*} pid=${one#*:}
		eventually has_ended "$pid"
		if [ "$(tail -n 1 "$name.client")" = content ]; then
			pass "$name goes on"
		else
			fail "$name goes on" "$(tail -n 5 "$name.client")"
		fi
	done
	clients=()
}
