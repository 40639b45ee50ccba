#!/bin/bash
# SPDX-License-Identifier: MIT
# Servers in the middle of serving clients that are not dumped: each client keeps its connection and gets all answers.
set -u
. tests/apps/tcp.bash
needs python3

# serve NAME PROTOCOL CONNECTIONS ROUNDS COMMAND...: the server, on port 4700, with so many connections, each of which
# asks so many times.
serve() {
	local protocol=$2 connections=$3 rounds=$4
	about="$1: "
	shift 4
	rm -f progress
	start "$@"
	if ! eventually listens 4700; then
		fail "starts" "$(tail app.out app.err)"
		exit 1
	fi
	client "$protocol" python3 "$sources/tcp_clients.py" "$protocol" 4700 "$connections" "$rounds" progress
	dump_when has_lines progress $(((rounds + 9) / 10))
	restore
	expect_clients
	expect_free
	kill -TERM "$app"
	eventually has_ended "$app" && pass "shuts down" || fail "shuts down"
	started=
}

if command -v nginx >/dev/null; then
	cat >nginx.conf <<END
worker_processes 2;
daemon off;
user root;
pid $scratch/nginx.pid;
error_log $scratch/error.log;
events {}
http {
	access_log off;
	keepalive_requests 100000;
	client_body_temp_path $scratch/body;
	proxy_temp_path $scratch/proxy;
	fastcgi_temp_path $scratch/fastcgi;
	uwsgi_temp_path $scratch/uwsgi;
	scgi_temp_path $scratch/scgi;
	server {
		listen 127.0.0.1:4700;
		location ~ ^/(.*)\$ { return 200 "answer \$1\n"; }
	}
}
END
	serve nginx http 20 200 nginx -p "$scratch" -c "$scratch/nginx.conf"
else
	skip nginx "nginx is not installed"
fi
if command -v redis-server >/dev/null; then
	serve redis redis 20 200 redis-server --port 4700 --bind 127.0.0.1 --save '' --dir "$scratch"
else
	skip redis "redis-server is not installed"
fi
if command -v memcached >/dev/null; then
	serve memcached memcached 20 200 memcached -u root -l 127.0.0.1 -p 4700 -t 2
else
	skip memcached "memcached is not installed"
fi
if command -v node >/dev/null; then
	serve node http 20 200 node -e '
require("http").createServer((request, response) => response.end(`answer ${request.url.slice(1)}\n`)).listen(4700, "127.0.0.1")'
else
	skip node "node is not installed"
fi
ulimit -n 4096
serve asyncio line 1000 5 python3 -c '
import asyncio
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 4700, backlog=1000)
    await server.serve_forever()
asyncio.run(main())'
exit "$failed"
