#!/bin/bash
# SPDX-License-Identifier: MIT
# Internet sockets that cannot be preserved, or not on this host: named, and the program goes on.
set -u
. tests/refusal/network.bash

holds udp-corked 'fd 20: ' 'not sent yet' 'UDP_CORK'
stop_target
holds udp-versions 'fd 20: ' 'of the other version of IP'
stop_target
holds udp-error 'fd 20: ' 'error that the program has not read'
stop_target
holds udp-elsewhere 'fd 20: ' 'another network namespace'
stop_target
holds udp-group 'fd 20: ' 'datagrams that wait' 'multicast' 'skip-in-flight'
works 'udp-group, left out' "$cr_dump" -t "$target" --check --skip-in-flight
grep -q 'left out 1 of the datagrams' "$scratch/stderr" || fail 'udp-group, left out: said' "$(cat "$scratch/stderr")"
stop_target

holds raw-router 'fd 20: ' 'may be the one that routes multicast' 'MRT_INIT'
stop_target
echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
holds ping-waiting 'fd 20: ' 'answers to echo requests wait' 'skip-in-flight'
works 'ping-waiting, left out' "$cr_dump" -t "$target" --check --skip-in-flight
grep -q 'left out the packets' "$scratch/stderr" || fail 'ping-waiting, left out: said' "$(cat "$scratch/stderr")"
stop_target

holds netlink-waiting 'fd 20: ' 'messages wait in its netlink socket' 'skip-in-flight'
works 'netlink-waiting, left out' "$cr_dump" -t "$target" --check --skip-in-flight
grep -q 'left out the messages' "$scratch/stderr" || fail 'netlink-waiting, left out: said' "$(cat "$scratch/stderr")"
stop_target
holds netlink-listing 'fd 20: ' 'in the middle of a list' 'NLM_F_DUMP'
stop_target
holds netlink-process-events 'fd 20: ' 'told of all processes by the kernel'
stop_target

holds tcp-connected 'TCP socket [0-9]+ 127.0.0.1:[0-9]+ connected to 127.0.0.1:[0-9]+ is connected' \
	"whose other end is fd [0-9]+ of pid $target" '--tcp-established' '--tcp-close'
works 'tcp-connected, kept' "$cr_dump" -t "$target" --check --tcp-established
works 'tcp-connected, lost' "$cr_dump" -t "$target" --check --tcp-close
refused 'tcp-connected, no right' 3 'fd 20: ' 'CAP_NET_ADMIN' -- \
	setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$cr_dump" -t "$target" --check --tcp-established
stop_target
for what in 'tcp-urgent has received urgent data' 'tcp-urgent-read has received urgent data' \
	'tcp-urgent-sent has sent urgent data'; do
	start_target "${what%% *}"
	refused "${what%% *}" 3 "\b$target\b" 'fd 20: ' "${what#* }" -- "$cr_dump" --tcp-established -t "$target" -o "$out"
	stop_target
done
holds tcp-backlog 'fd 20: ' '127.0.0.1:4001 has 2 connections that nobody has accepted' 'from 127\.0\.0\.1:[0-9]+ \(' 'skip-in-flight'
works 'tcp-backlog, kept' "$cr_dump" -t "$target" --check --tcp-established
refused 'tcp-backlog, not seen' 3 'fd 20: ' 'has 2 connections that nobody has accepted' 'CAP_BPF' -- \
	setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$cr_dump" -t "$target" --check --tcp-established
stop_target
holds tcp-backlog-reset 'fd 20: ' '127.0.0.1:4001 has 1 connections that nobody has accepted' 'from a closed socket'

# not_kept WHAT PATTERN: not with --tcp-established either.
not_kept() {
	refused "$1, to be kept" 3 'fd [0-9]+: ' '127.0.0.1:4001 has 1 connections that nobody has accepted' "$2" \
		'skip-in-flight' -- "$cr_dump" -t "$target" --check --tcp-established
	stop_target
}
not_kept tcp-backlog-reset 'which has been reset'
start_target tcp-backlog-urgent
not_kept tcp-backlog-urgent 'which has sent urgent data'
start_target tcp-backlog-options
not_kept tcp-backlog-options 'which has other options'
start_target tcp-backlog-group
not_kept tcp-backlog-group 'one of several sockets that listen'
start_target tcp-listening
exec 9<>/dev/tcp/127.0.0.1/4001
not_kept 'a client outside' "whose other end has .*\(pid $$, fd 9\)"
exec 9>&-

# The other end is outside.
python3 -c '
import socket, time
listener = socket.create_server(("127.0.0.1", 4700))
print(flush=True)
connection = listener.accept()
time.sleep(1000)' >"$scratch/listening" &
peer=$!
started+=("$peer")
disown
eventually test -s "$scratch/listening"
exec 9<>/dev/tcp/127.0.0.1/4700
start_target
exec 9>&-
refused 'the other end is outside' 3 "\b$target\b" 'fd 9: TCP socket [0-9]+ 127.0.0.1:[0-9]+ connected to 127.0.0.1:4700' \
	"whose other end has 'python3' \(pid $peer, fd [0-9]+\)" -- "$cr_dump" -t "$target" -o "$out"
stop_target
kill -KILL "$peer"

# A process outside has the same socket.
exec 9<>/dev/udp/127.0.0.1/4500
start_target
refused 'shared with another' 3 "\b$target\b" 'fd 9: ' 'UDP socket' 'shared with' "\(pid $$, fd 9\)" -- \
	"$cr_dump" -t "$target" -o "$out"
stop_target
exec 9>&-

# What a restore finds.
dumped udp
other_holds udp
refused 'the port is taken' 3 'UDP socket 127.0.0.1:4001' "'refusal_target' \(pid $other, fd 20\)" -- \
	"$cr_restore" -d -i "$archive"
gone "$was" || fail 'the port is taken: nothing is started'
end_other
works 'the port is free again' "$cr_restore" --check -i "$archive"

dumped tcp-listening
other_holds tcp-listening
refused 'somebody listens there' 3 'TCP socket 127.0.0.1:4001' "'refusal_target' \(pid $other, fd 20\)" -- \
	"$cr_restore" -d -i "$archive"
end_other
works 'nobody listens there any more' "$cr_restore" --check -i "$archive"

echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
dumped ping
echo '1 0' >/proc/sys/net/ipv4/ping_group_range
refused 'echo requests are not permitted' 3 'ping socket' 'ping_group_range' -- "$cr_restore" --check -i "$archive"
echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
other_holds ping
refused 'the id is taken' 3 'another program has the id 77' -- "$cr_restore" --check -i "$archive"
end_other
works 'the id is free again' "$cr_restore" --check -i "$archive"

dumped netlink
other_holds netlink
refused 'the netlink port is taken' 3 'netlink socket of protocol 0 and port 4711' 'another program has that port' -- \
	"$cr_restore" --check -i "$archive"
end_other
works 'the netlink port is free again' "$cr_restore" --check -i "$archive"

dumped raw
refused 'raw sockets are not permitted' 3 'raw IP socket 127.0.0.1' 'CAP_NET_RAW' -- \
	setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$cr_restore" --check -i "$archive"

# A connection with both ends in the program.
start_target tcp-connected
was=$target
works 'dump tcp-connected' "$cr_dump" --tcp-established -t "$target" -o "$archive"
target=
eventually gone "$was"
refused 'no option' 3 'TCP socket 127.0.0.1:[0-9]+ \(open file' 'was connected to 127.0.0.1' '--tcp-established' '--tcp-close' \
	-- "$cr_restore" -d -i "$archive"
refused 'no right to restore connections' 3 'TCP socket 127.0.0.1' 'CAP_NET_ADMIN' -- \
	setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$cr_restore" --check --tcp-established -i "$archive"
works 'restored without connections' "$cr_restore" -d --tcp-close -i "$archive"
target=$was
stop_target
eventually gone "$was"
works 'restored with connections' "$cr_restore" -d --tcp-established -i "$archive"
"$cr_restore" --check --tcp-established -i "$archive" 2>"$scratch/stderr"
if grep -qE "its connection to 127.0.0.1:[0-9]+ is there already, and belongs to 'refusal_target' \(pid $was" "$scratch/stderr"; then
	pass 'the connection is there'
else
	fail 'the connection is there' "$(cat "$scratch/stderr")"
fi
target=$was
stop_target

dumped udp-waiting
refused 'no right to send in the name of others' 3 'CAP_NET_RAW' 'skip-in-flight' -- \
	setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$cr_restore" --check -i "$archive"
works 'restored without what waits' "$cr_restore" -d --skip-in-flight -i "$archive"
grep -q 'what waits in it is left out' "$scratch/stderr" || fail 'without what waits: said' "$(cat "$scratch/stderr")"
target=$was
stop_target

ip link add v0 type veth peer name v1
ip addr add 10.1.2.3/24 dev v0
ip link set v0 up
dumped udp-device
ip link set v0 name v9
refused 'the device is not there' 3 "'v0'" 'no such network interface' -- "$cr_restore" -d -i "$archive"
ip link set v9 name v0
works 'the device is there again' "$cr_restore" --check -i "$archive"
dumped udp-address
ip addr del 10.1.2.3/24 dev v0
refused 'the address is not there' 3 '10\.1\.2\.3' "not one of this host" -- "$cr_restore" -d -i "$archive"

exit "$failed"
