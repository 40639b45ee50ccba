#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs in the middle of a stream, either end of it dumped, or both: iperf3, nc, and ssh with what runs behind it.
set -u
. tests/apps/tcp.bash
needs python3

# A measurement that sends so much, a little at a time.
measured=30M
iperf_client=(iperf3 -c 127.0.0.1 -p 4703 -n "$measured" -b 60M -i 0.1 --forceflush)
iperf_server=(iperf3 -s -1 -p 4703 -i 0.1 --forceflush)
# expect_all SERVER CLIENT: what they say at last, in units of 1024. Who receives does not wait for the last of it when the
# sender says, over another connection, that it is done: of what it has got both must say the same.
expect_all() {
	grep -q ' 30\.0 MBytes .*sender$' "$1" "$2" && [ -n "$(received "$1")" ] && [ "$(received "$1")" = "$(received "$2")" ]
}
received() {
	sed -n 's/.* \(\(29\|30\)\.[0-9]\) MBytes .*receiver$/\1/p' "$1"
}
if command -v iperf3 >/dev/null; then
	about="iperf3, the client: "
	"${iperf_server[@]}" >server.txt 2>&1 &
	server=$!
	eventually listens 4703
	start "${iperf_client[@]}"
	dump_when has_lines app.out 10
	restore
	eventually has_ended "$app" && eventually has_ended "$server" && expect_all server.txt app.out &&
		pass "all of it comes through" || fail "all of it comes through" "$(tail -n 6 app.out server.txt)" "$(cat app.err)"
	started=
	expect_free

	about="iperf3, the server: "
	start "${iperf_server[@]}"
	eventually listens 4703
	client iperf3 "${iperf_client[@]}"
	dump_when has_lines app.out 15
	restore
	expect_clients
	eventually has_ended "$app" && expect_all app.out iperf3.client && pass "all of it comes through" ||
		fail "all of it comes through" "$(tail -n 6 app.out iperf3.client)" "$(cat app.err)"
	started=
	expect_free

	about="iperf3, both: "
	start bash -c '"$@" >server.txt & until ss -tlnH | grep -q :4703; do sleep 0.1; done
		'"${iperf_client[*]}"' ; wait' bash "${iperf_server[@]}"
	dump_when has_lines app.out 10
	restore
	eventually has_ended "$app" && expect_all server.txt app.out && pass "all of it comes through" ||
		fail "all of it comes through" "$(tail -n 6 app.out server.txt)" "$(cat app.err)"
	started=
	expect_free
else
	skip iperf3 "iperf3 is not installed"
fi

# Both ends of a pipe through the network, and what feeds it.
if command -v nc >/dev/null; then
	about="nc, both: "
	head -c 20000000 /dev/urandom >data
	start bash -c 'nc -l 127.0.0.1 4705 & until ss -tlnH | grep -q :4705; do sleep 0.1; done
		python3 -c "
import os, time
data, at = open(\"data\", \"rb\").read(), 0
while at < len(data):
    at += os.write(1, data[at:at + 200000])
    time.sleep(0.02)
" | nc -N 127.0.0.1 4705; wait'
	dump_when has_grown_to app.out 4000000
	restore
	finish
	same "all of it is there" data app.out
	expect_free
else
	skip nc "nc is not installed"
fi

sshd=$(PATH=$PATH:/usr/sbin command -v sshd)
if [ -n "$sshd" ] && command -v ssh >/dev/null; then
	for key in host user; do
		ssh-keygen -q -t ed25519 -N '' -f "$key.key"
	done
	cp user.key.pub authorized
	printf '%s\n' 'Port 4704' 'ListenAddress 127.0.0.1' "HostKey $scratch/host.key" "AuthorizedKeysFile $scratch/authorized" \
		'StrictModes no' 'UsePAM no' 'PidFile none' 'PermitRootLogin yes' 'PasswordAuthentication no' >sshd.conf
	echo "[127.0.0.1]:4704 $(cut -d ' ' -f 1,2 host.key.pub)" >known
	# It insists on an empty folder there.
	trap 'cleanup; [ -z "${made-}" ] || rmdir "$made"' EXIT
	[ -d /run/sshd ] || { mkdir /run/sshd && made=/run/sshd; }
	ssh=(ssh -F none -T -p 4704 -i user.key -o "UserKnownHostsFile=$scratch/known" -o BatchMode=yes root@127.0.0.1)
	count='for i in $(seq 100); do echo $i; sleep 0.03; done'

	about="ssh, the client: "
	"$sshd" -D -e -f "$scratch/sshd.conf" >sshd.txt 2>&1 &
	server=$!
	eventually listens 4704
	start "${ssh[@]}" "$count"
	dump_when has_lines app.out 10
	restore
	finish
	same "all of it is there" <(seq 100) app.out
	expect_free
	kill -TERM "$server"
	eventually has_ended "$server"

	about="ssh, the server: "
	start "$sshd" -D -e -f "$scratch/sshd.conf"
	eventually listens 4704
	client ssh "${ssh[@]}" "$count; echo end"
	has_answers() { [ "$(wc -l <ssh.client)" -ge 10 ]; }
	dump_when has_answers
	restore
	expect_clients
	same "all of it is there" <(seq 100; echo end; echo content) ssh.client
	client again "${ssh[@]}" 'echo new'
	expect_clients
	kill -TERM "$app"
	eventually has_ended "$app" && pass "shuts down" || fail "shuts down"
	started=
	expect_free
else
	skip ssh "ssh or sshd is not installed"
fi
exit "$failed"
