#!/bin/bash
# SPDX-License-Identifier: MIT
# A program that logs by a datagram socket, as syslog(3) does: its server outside is restarted while it is not there, and
# gets all that it says afterwards. A second server, with which it talks by a stream, is inside.
set -u
. tests/apps/lib.bash
needs python3

cat >server.py <<'END'
import os, socket, sys
path, log = sys.argv[1:]
if os.path.exists(path):
    os.unlink(path)
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
with open(log, "ab", buffering=0) as out:
    while True:
        out.write(server.recv(1000) + b"\n")
END
cat >client.py <<'END'
import logging.handlers, os, socket, sys, threading
log = logging.getLogger()
log.setLevel(logging.INFO)
handler = logging.handlers.SysLogHandler(address=sys.argv[1])
handler.append_nul = False
log.addHandler(handler)
listener = socket.socket(socket.AF_UNIX)
listener.bind("inside")
listener.listen()

def serve():
    peer = listener.accept()[0]
    while data := peer.recv(100):
        peer.sendall(data.upper())

threading.Thread(target=serve, daemon=True).start()
talk = socket.socket(socket.AF_UNIX)
talk.connect("inside")
commands = open("commands", "r")
for number in range(1, 7):
    if number > 3:
        while not os.path.exists("go"):
            threading.Event().wait(0.01)
    talk.sendall(b"message %d" % number)
    log.info(talk.recv(100).decode())
    open("said", "w").write("%d\n" % number)
print("done")
END
: >commands
server=

start_server() {
	python3 server.py "$scratch/log.socket" "$scratch/$1" >/dev/null 2>server.err &
	server=$!
	eventually test -e "$scratch/$1" || fail "start the server" "$(cat server.err)"
}
stop_server() {
	[ -z "$server" ] || kill -KILL "$server"
	wait "$server" 2>/dev/null
	server=
}
trap 'stop_server; cleanup' EXIT

# is_refused NAME PATTERN COMMAND...: it ends with status 3 and says so.
is_refused() {
	local name=$1 pattern=$2 status
	shift 2
	timeout --kill-after=5 "$limit" "$@" </dev/null >out.txt 2>&1
	status=$?
	if [ "$status" -eq 3 ] && grep -q -e "$pattern" out.txt; then
		pass "$name"
	else
		fail "$name" "exit status $status" "$(cat out.txt)"
	fi
}

start_server before
start python3 client.py "$scratch/log.socket"
eventually grep -q 3 said || fail "the client talks" "$(cat app.err)"
is_refused "without --ext-unix-sk it is not dumped" "external socket is used" "$cr_dump" -q -t "$app" -o app.tar.zst
try "dump" "$cr_dump" -q -x -t "$app" -o app.tar.zst
eventually has_gone "$app"
started=
"$cr_restore" --inspect -i app.tar.zst >inspect.txt
same "the archive says what it needs" <(echo "needs: $scratch/log.socket (datagram), for pid $app python3 fd 3") \
	<(grep "^needs:" inspect.txt)
is_refused "without --ext-unix-sk it is not restored" "external socket is needed.*'$scratch/log.socket'.*--ext-unix-sk" \
	"$cr_restore" -q -d -i app.tar.zst

stop_server
is_refused "without its server it is not restored" "external socket is missing.*'$scratch/log.socket'" \
	"$cr_restore" -q -d -x -i app.tar.zst
start_server after
try "restore" "$cr_restore" -q -d -x -i app.tar.zst --pidfile app.pid
started=$(stat_field "$app" 22)
: >go
finish
same "the first server got the first messages" <(for i in 1 2 3; do echo "<14>MESSAGE $i"; done) before
eventually has_lines after 3
same "the second server got the others" <(for i in 4 5 6; do echo "<14>MESSAGE $i"; done) after
same "it has come to its end" <(echo 'done') app.out
exit "$failed"
