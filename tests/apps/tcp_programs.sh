#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs that use TCP themselves: a download in its middle, pipes through nc and socat, a database under load whose
# clients are dumped with it.
set -u
. tests/apps/tcp.bash
needs python3
head -c 40000000 /dev/urandom >data

is_half_there() {
	[ -e "$1" ] && [ "$(size_of "$1")" -gt 4000000 ]
}
# fetch NAME COMMAND...: the program takes the data from port 4700 of a server that is not dumped, into app.out.
fetch() {
	about="$1: "
	shift
	start "$@"
	dump_when is_half_there app.out
	restore
	finish
	same "all of it is there" data app.out
	expect_free
}

if command -v curl >/dev/null; then
	python3 -c '
import http.server, socketserver, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = open("data", "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for at in range(0, len(data), 400000):
            self.wfile.write(data[at:at + 400000])
            time.sleep(0.02)
    def log_message(self, *arguments):
        pass
server = socketserver.TCPServer(("127.0.0.1", 4700), Handler)
server.handle_request()
' >server.txt 2>&1 &
	eventually listens 4700
	fetch curl curl -sS http://127.0.0.1:4700/
else
	skip curl "curl is not installed"
fi
for program in nc socat; do
	if ! command -v "$program" >/dev/null; then
		skip "$program" "$program is not installed"
		continue
	fi
	python3 -c '
import socket, time
listener = socket.create_server(("127.0.0.1", 4701))
connection = listener.accept()[0]
data = open("data", "rb").read()
for at in range(0, len(data), 400000):
    connection.sendall(data[at:at + 400000])
    time.sleep(0.02)
connection.close()
' >server.txt 2>&1 &
	eventually listens 4701
	if [ "$program" = nc ]; then
		fetch nc nc -d 127.0.0.1 4701
	else
		fetch socat socat -u TCP:127.0.0.1:4701 STDOUT
	fi
done

# The server and its clients in one tree, over TCP: no transaction fails, and none is lost.
bin=$(echo /usr/lib/postgresql/*/bin)
if [ -x "$bin/pgbench" ] && id -u nobody >/dev/null 2>&1; then
	about="pgbench: "
	chmod 755 "$scratch" && mkdir "$scratch/db" && chown nobody "$scratch/db"
	as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups env LC_ALL=C PGUSER=postgres PGHOST=127.0.0.1 PGPORT=4702
		PGDATABASE=postgres)
	try "initdb" "${as_nobody[@]}" "$bin/initdb" -U postgres -A trust -D "$scratch/db/data" || exit 1
	cat >tree.sh <<'END'
"$1/postgres" -D "$2/data" -k '' -p 4702 -c listen_addresses=127.0.0.1 -c fsync=off >"$2/log" 2>&1 &
until psql -qAt -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
"$1/pgbench" -q -i -s 1 >"$2/init" 2>&1
touch "$2/begun"
"$1/pgbench" -c 8 -j 2 -t 300 -R 400 >"$2/bench" 2>&1
psql -qAt -c 'SELECT count(*), sum(delta) = (SELECT sum(abalance) FROM pgbench_accounts) FROM pgbench_history' >"$2/result" 2>&1
touch "$2/done"
wait
END
	start "${as_nobody[@]}" bash tree.sh "$bin" "$scratch/db"
	is_working() {
		[ -e db/begun ] && [ "$("${as_nobody[@]}" timeout 10 psql -qAt -c 'SELECT count(*) FROM pgbench_history')" -gt 100 ]
	}
	dump_when is_working
	restore
	eventually test -e db/done && grep -q 'number of transactions actually processed: 2400/2400' db/bench &&
		grep -q 'number of failed transactions: 0 ' db/bench && pass "every transaction succeeds" ||
		fail "every transaction succeeds" "$(tail db/bench db/log)"
	same "and has left what it should" <(echo '2400|t') db/result
	kill -INT "$(head -n 1 db/data/postmaster.pid)"
	eventually has_ended "$app" && pass "shuts down" || fail "shuts down" "$(tail db/log)"
	started=
	expect_free
else
	skip pgbench "pgbench is not installed, or there is no user nobody"
fi
exit "$failed"
