#!/bin/bash
# SPDX-License-Identifier: MIT
# A server whose client is not dumped, and sends all the time: it sees a pause, and no reset. What holds packets back
# meanwhile is there when it must be, and gone whatever happens.
set -u
# In a network of its own.
if [ -z "${TCP_OWN_NETWORK-}" ]; then
	if ! command -v ip >/dev/null || ! unshare -n true 2>/dev/null; then
		echo "ok - apps/tcp_outside: all of it # SKIP needs root and ip"
		exit 0
	fi
	TCP_OWN_NETWORK=1 exec unshare -n "$0" "$@"
fi
. tests/apps/lib.bash
needs python3 nft
dump_options=(--tcp-established)
restore_options=(--tcp-established)
ip link set lo up

is_free() {
	[ -z "$(nft list ruleset)" ]
}
expect_free() {
	is_free && pass "$1: nothing is held back" || fail "$1: nothing is held back" "$(nft list ruleset)"
}

client=
# begin MIB: a server and its client, which are to exchange so much.
begin() {
	start python3 "$sources/tcp_stream.py" echo 127.0.0.1 4700
	eventually is_listening
	rm -f progress
	python3 "$sources/tcp_stream.py" check 127.0.0.1 4700 "$1" progress >client.txt 2>&1 &
	client=$!
}
is_listening() {
	ss -tlnH | grep -q :4700
}
# The client must come to its end, and be content.
expect_end() {
	if eventually has_ended "$client" && [ "$(cat client.txt)" = "all of it" ]; then
		pass "$1: every byte comes back"
	else
		fail "$1: every byte comes back" "$(tail -n 5 client.txt)" "$(tail -n 3 app.err)"
		kill -KILL "$client"
	fi
	eventually has_ended "$app" && pass "$1: the server sees the end" || fail "$1: the server sees the end"
	started=
}
stalled() {
	local before
	before=$(wc -l <progress)
	sleep 0.5
	[ "$(wc -l <progress)" -eq "$before" ]
}

begin 16
dump_when has_lines progress 50
name=$("$cr_restore" --list-locks | sed -n 's/^\(cr-lock-[0-9a-f]\{16\}\)  connections of pid .* (python3), dumped to app.tar.zst$/\1/p')
[ -n "$name" ] && [ "$(nft list tables)" = "table inet $name" ] && pass "is held back, and listed" ||
	fail "is held back, and listed" "$("$cr_restore" --list-locks)" "$(nft list ruleset)"
"$cr_restore" --inspect -i app.tar.zst | grep -q "$name" && pass "is shown with the archive" || fail "is shown with the archive"
stalled && ! has_ended "$client" && pass "the client waits" || fail "the client waits" "$(cat client.txt)"
"$cr_restore" -i app.tar.zst -d >out.txt 2>&1
[ $? -eq 3 ] && grep -q -e '--tcp-established' out.txt && [ "$(nft list tables)" = "table inet $name" ] &&
	pass "still, after a restore that is refused" || fail "still, after a restore that is refused" "$(cat out.txt)"
restore
expect_free "restored"
expect_end "restored"

# It runs on.
begin 8
eventually has_lines progress 20
try "-R" "$cr_dump" -q --tcp-established -R -t "$app" -o running.tar.zst
expect_free "-R"
expect_end "-R"

# The dump fails at its end.
begin 8
eventually has_lines progress 20
"$cr_dump" -q --tcp-established -t "$app" -o no/such/folder >out.txt 2>&1 && fail "a dump that fails"
expect_free "a dump that fails"
expect_end "a dump that fails"

# The dump is killed while nobody takes the archive.
begin 8
eventually has_lines progress 20
mkfifo archive.fifo
"$cr_dump" -q --tcp-established -t "$app" -o archive.fifo >out.txt 2>&1 &
dump=$!
disown "$dump"
exec 9<archive.fifo
is_held() {
	[ "$(nft list tables | wc -l)" -eq 1 ]
}
eventually is_held && pass "held back in the middle of a dump" || fail "held back in the middle of a dump"
kill -KILL "$dump"
eventually has_ended "$dump"
exec 9<&-
eventually is_free
expect_free "a dump that is killed"
expect_end "a dump that is killed"

# It is left stopped, and given up here.
begin 8
eventually has_lines progress 20
try "-s" "$cr_dump" --tcp-established -s -t "$app" -o stopped.tar.zst
name=$(sed -n 's/.*cr-restore --remove-lock=\(cr-lock-[0-9a-f]*\)$/\1/p' out.txt)
[ "$(nft list tables)" = "table inet $name" ] && stalled && pass "-s: held back" || fail "-s: held back" "$(cat out.txt)"
try "remove the lock" "$cr_restore" --remove-lock="$name"
expect_free "-s"
kill -CONT "$app"
expect_end "-s"
"$cr_restore" --remove-lock="$name" >out.txt 2>&1
[ $? -eq 1 ] && grep -q 'there is no lock' out.txt && pass "no lock to remove" || fail "no lock to remove" "$(cat out.txt)"

# It is lost.
begin 16
dump_when has_lines progress 50
restore_options=(--tcp-close)
restore
expect_free "--tcp-close"
eventually has_ended "$client" && grep -qE 'ConnectionResetError|BrokenPipeError' client.txt && pass "--tcp-close: the client is told" ||
	fail "--tcp-close: the client is told" "$(cat client.txt)"
stop_app
exit "$failed"
