#!/bin/bash
# SPDX-License-Identifier: MIT
# nginx with two workers on a unix socket: answers after the restore, and reloads its configuration.
set -u
. tests/apps/lib.bash
needs nginx curl

configure() {
	cat >nginx.conf <<END
worker_processes 2;
daemon off;
user root;
pid $scratch/nginx.pid;
error_log $scratch/error.log;
events {}
http {
	access_log off;
	client_body_temp_path $scratch/body;
	proxy_temp_path $scratch/proxy;
	fastcgi_temp_path $scratch/fastcgi;
	uwsgi_temp_path $scratch/uwsgi;
	scgi_temp_path $scratch/scgi;
	server {
		listen unix:$scratch/socket;
		location / { return 200 "$1"; }
	}
}
END
}
ask() {
	timeout 10 curl -s --unix-socket "$scratch/socket" http://localhost/
}
answers() {
	[ "$(ask)" = "$1" ]
}
configure before
start nginx -p "$scratch" -c "$scratch/nginx.conf"
dump_when answers before
restore
eventually answers before && pass "answers" || fail "answers" "$(tail error.log)"
configure after
kill -HUP "$app"
eventually answers after && pass "reloads" || fail "reloads" "$(tail error.log)"
kill -QUIT "$app"
eventually has_ended "$app" && pass "shuts down" || fail "shuts down"
started=
exit "$failed"
