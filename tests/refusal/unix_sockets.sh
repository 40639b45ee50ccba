#!/bin/bash
# SPDX-License-Identifier: MIT
# Unix sockets that lead out of what is dumped: refused, saying who holds what at both ends, and which option helps, if
# one does. Those that do not lead out are taken. And what stands against a restore.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst
archive=$scratch/app.tar.zst
path=$scratch/server
other=0 # a process outside

# outside WHAT...: starts another program, outside of what is dumped, that holds WHAT.
outside() {
	rm -f "$scratch/other"
	setsid "$build/tests/refusal/refusal_target" "$scratch/other" "$@" </dev/null >/dev/null 2>"$scratch/other.err" &
	other=$!
	disown "$other"
	started+=("$other")
}
outside_ready() {
	eventually test -s "$scratch/other" || fail "start another program" "$(cat "$scratch/other.err")"
}
stop_outside() {
	kill -KILL "$other" 2>/dev/null
	eventually gone "$other"
}

# not_whole NAME PATTERN...: the target is refused in every way, also with the option.
not_whole() {
	local name=$1
	shift
	refused "$name" 3 "pid $target \(refusal_target\)" "$@" -- "$cr_dump" -t "$target" -o "$out"
	refused "$name, -R -x" 3 "pid $target \(refusal_target\)" "$@" -- "$cr_dump" -x -R -t "$target" -o "$out"
	refused "$name, --check" 3 "pid $target \(refusal_target\)" "$@" -- "$cr_dump" -t "$target" --check
	stop_target
}

start_target socketpair
works 'a pair inside' "$cr_dump" -t "$target" --check
stop_target
start_target "bound:datagram:$path.0" "connected:datagram:$path.0" "listening:stream:@cr-refusal" \
	"connected:stream:@cr-refusal"
works 'servers and clients inside' "$cr_dump" -t "$target" --check
stop_target

# A datagram socket to the outside: the one that has an option.
for name in "$path" @cr-refusal; do
	outside "bound:datagram:$name"
	outside_ready
	start_target "connected:datagram:$name"
	refused "datagram client of $name" 3 "pid $target \(refusal_target\): fd 30: external socket is used: unix datagram" \
		"'$name'" "'refusal_target' \(pid $other, fd 30\)" '--ext-unix-sk \(-x\) on both commands' -- \
		"$cr_dump" -t "$target" -o "$out"
	refused "datagram client of $name, -R" 3 "external socket is used" -- "$cr_dump" -R -t "$target" -o "$out"
	works "datagram client of $name, --check -x" "$cr_dump" -x -t "$target" --check
	works "datagram client of $name, -x" "$cr_dump" -x -R -t "$target" -o "$archive"
	trouble=$(harm)
	[ -z "$trouble" ] || fail "datagram client of $name, -x: no harm" "$trouble"
	works 'inspect it' "$cr_restore" --inspect -i "$archive"
	grep -q "^needs: $name (datagram), for pid $target refusal_target fd 30\$" "$scratch/stdout" ||
		fail 'what it needs is shown' "$(cat "$scratch/stdout")"
	works 'inspect it, --json' "$cr_restore" --inspect --json -i "$archive"
	grep -q "\"peer_name\": \"$name\"" "$scratch/stdout" || fail 'JSON says what it needs' "$(cat "$scratch/stdout")"
	was=$target
	stop_target
	rm -rf "$path"

	refused "restore without -x: $name" 3 'external socket is needed' "pid $was \(fd 30\)" "'refusal_target'" "'$name'" \
		'--ext-unix-sk \(-x\)' -- "$cr_restore" -d -i "$archive"
	gone "$was" || fail "restore without -x: $name: nothing is started"
	refused "restore without -x: $name, --check" 3 'external socket is needed' -- "$cr_restore" --check -i "$archive"
	stop_outside
	refused "restore: nobody at $name" 3 "external socket is missing.*'$name'" 'is the server running' -- \
		"$cr_restore" -x -d -i "$archive"
	gone "$was" || fail "restore: nobody at $name: nothing is started"
done

# What can be in the way of a restore at a path.
outside "bound:datagram:$path"
outside_ready
start_target "connected:datagram:$path"
works 'dump with -x' "$cr_dump" -x -t "$target" -o "$archive"
eventually gone "$target"
target=
stop_outside
refused 'restore: a leftover' 3 'external socket is missing' 'no server answers there any more' -- \
	"$cr_restore" -x -d -i "$archive"
rm "$path"
echo text >"$path"
refused 'restore: a file' 3 'is no socket' -- "$cr_restore" -x -d -i "$archive"
[ "$(cat "$path")" = text ] || fail 'restore: a file: it stays'
rm "$path"
outside "listening:stream:$path"
outside_ready
refused 'restore: a stream server' 3 'not a datagram socket' -- "$cr_restore" -x -d -i "$archive"
stop_outside
rm "$path"
outside "both:datagram:$path:$path"
outside_ready
refused 'restore: a server that is connected' 3 'takes messages from that only' -- "$cr_restore" -x -d -i "$archive"
stop_outside
rm "$path"
outside "bound:datagram:$path"
outside_ready
works 'restore: all is well, --check' "$cr_restore" -x --check -i "$archive"
stop_outside

# Servers that cannot be found again.
outside "bound:datagram:$path.2"
outside_ready
start_target "connected:datagram:$path.2"
rm "$path.2"
not_whole "the server's file was removed" 'external socket is used' "$path.2" 'removed or replaced'
stop_outside
outside "bound:datagram:$path.3"
outside_ready
start_target "connected:datagram:$path.3"
rm "$path.3"
python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(sys.argv[1])' "$path.3" 2>/dev/null || echo >"$path.3"
not_whole "the server's file was replaced" 'external socket is used' "$path.3" 'removed or replaced'
stop_outside
# Its name is relative to the folder that it was started in.
cd "$scratch" || exit 1
outside bound:datagram:relative
outside_ready
cd "$OLDPWD" || exit 1
start_target "connected:datagram:$scratch/relative"
works 'a server with a relative name' "$cr_dump" -x -R -t "$target" -o "$archive"
"$cr_restore" --inspect -i "$archive" | grep -q "^needs: $scratch/relative (datagram)" ||
	fail 'a server with a relative name: its path is told'
stop_target
stop_outside

# Streams and the like, for which there is no option.
for type in stream seqpacket; do
	outside "accepted:$type:$path.$type"
	eventually test -S "$path.$type"
	sleep 0.05
	start_target "connected:$type:$path.$type"
	outside_ready
	not_whole "$type client" "fd 30: external socket is used: unix $type" "is connected to" "pid $other, fd 3" \
		'cannot help'
	stop_outside
	outside "listening:$type:$path.$type.2"
	outside_ready
	start_target "connected:$type:$path.$type.2"
	not_whole "$type client that was not accepted" 'fd 30: external socket is used' 'waits to be accepted by' \
		"\(pid $other, fd 30\)" 'cannot help'
	stop_outside
	start_target "half:$type"
	not_whole "half a $type pair" "fd 30: external socket is used: unix $type" "'refusal_other' \(pid [0-9]+" \
		'cannot help'
done
start_target half:datagram
not_whole 'half a datagram pair' 'fd 30: external socket is used' "'refusal_other'" 'has no name' 'cannot help'
outside "answering:datagram:$path.4:$path.5"
eventually test -S "$path.4"
sleep 0.05
start_target "both:datagram:$path.5:$path.4"
outside_ready
not_whole 'a connection in both directions' 'fd 30: external socket is used' "\(pid $other, fd 30\)" \
	'connected to it as well' 'cannot help'
stop_outside

# Clients outside of what is inside.
start_target "bound:datagram:$path.6"
outside "connected:datagram:$path.6"
outside_ready
not_whole 'a datagram client outside' "fd 30: unix datagram socket .*$path.6" "\(pid $other, fd 30\)" 'outside'
stop_outside
start_target "listening:stream:$path.7"
outside "connected:stream:$path.7"
outside_ready
not_whole 'a client outside waits' "fd 30: unix stream socket .*$path.7" 'not accepted yet' "\(pid $other, fd 30\)"
stop_outside

# The same socket, in other hands.
start_target socketpair
"$build/tests/refusal/refusal_holder" "$target" 8 >"$scratch/held" &
other=$!
disown "$other"
started+=("$other")
eventually test -s "$scratch/held"
not_whole 'a socket that another has, too' 'fd 8: unix stream socket' 'also held by' "'refusal_holder' \(pid $other,"
stop_outside

if unshare -n true 2>/dev/null; then
	start_target foreign:datagram
	not_whole 'a socket of another network namespace' 'fd 30: unix datagram socket' 'another network namespace'
	outside foreign:stream
	stop_outside
else
	skip 'a socket of another network namespace' 'none can be made here'
fi

# For programs: one document, with all that a person is told.
json_says() {
	local name=$1
	shift
	refused "$name" 3 "$@" --json
	python3 - "$scratch/stdout" <<'END' >"$scratch/json" 2>&1 || fail "$name: the document" "$(cat "$scratch/json" "$scratch/stdout")"
import json, os, sys
document = json.load(open(sys.argv[1], encoding="utf-8"))
target, other, path = int(os.environ["target"]), int(os.environ["other"]), os.environ["path"]
assert document["result"] == "refused" and document["pid"] == target and document["is_complete"], document
second, first, third = document["blockers"]
for item in (first, second):
    assert item["pid"] == target and item["comm"] == "refusal_target" and item["kind"] == "unix_socket", item
    assert item["inode"] == os.stat(f"/proc/{target}/fd/{item['fd']}").st_ino, item
assert first["fd"] == 31 and first["reason"] == "external-socket" and first["option"] == "--ext-unix-sk", first
assert first["peer_name"] == path and first["peer_inode"] == os.stat(f"/proc/{other}/fd/30").st_ino, first
assert first["holders"] == [{"pid": other, "comm": "refusal_target", "fd": 30}], first
assert second["fd"] == 30 and second["reason"] == "peer-outside", second
assert second["option"] == f"--external unix[{second['inode']}]", second
assert second["holders"][0]["comm"] == "refusal_other", second
assert third["fd"] == 32 and third["is_in_queue"] and third["reason"] == "external-socket", third
END
}
if command -v python3 >/dev/null; then
	outside "bound:datagram:$path.json"
	outside_ready
	start_target half:stream "connected:datagram:$path.json" "queued:datagram:$path.json"
	export target other path
	path=$path.json json_says '--check --json' 'external socket is used' -- "$cr_dump" -t "$target" --check
	path=$path.json json_says '--json' 'external socket is used' -- "$cr_dump" -t "$target" -o "$out"
	export -n target other
	stop_target
	stop_outside
	start_target
	works '--check --json of what can be dumped' "$cr_dump" --json -t "$target" --check
	grep -q '"result": "possible"' "$scratch/stdout" || fail '--check --json of what can be dumped' "$(cat "$scratch/stdout")"
	stop_target
else
	skip 'JSON' 'python3 is not installed'
fi

# All at once, and also what is in a queue.
outside "bound:datagram:$path.8"
outside_ready
start_target "connected:datagram:$path.8" half:stream "queued:datagram:$path.8"
refused 'three at once' 3 'fd 30: external socket' 'fd 31: external socket' 'in the queue of fd 32: external socket' -- \
	"$cr_dump" -t "$target" -o "$out"
stop_target
stop_outside

# What a client of its own has sent, and who has gone again, is to be had in the kernel's memory only, and there not the
# descriptors that nobody else has.
for type in stream seqpacket; do
	for role in early early-large gone; do
		start_target "listening:$type:$path.9.$role.$type" "$role:$type:$path.9.$role.$type"
		works "$type, not accepted yet: $role" "$cr_dump" -t "$target" --check
		stop_target
	done
	start_target "listening:$type:$path.8.$type" "early-rights:$type:$path.8.$type"
	not_whole "$type, descriptors sent before it was accepted" "fd 30: .*$path.8.$type'" 'not accepted yet' \
		'something was sent already, and descriptors with it that no process of the tree has'
done
start_target "listening:stream:$path.12" "early:stream:$path.12"
refused 'sent before it was accepted, kernel memory is forbidden' 3 'CAP_BPF and CAP_PERFMON' -- \
	setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$cr_dump" -t "$target" --check
stop_target
start_target "listening:seqpacket:$path.11" "gone:seqpacket:$path.11"
refused 'gone before it was accepted, kernel memory is forbidden' 3 "fd 30: .*$path.11'" 'not accepted yet' \
	'has gone again, and may have sent something, .*CAP_BPF and CAP_PERFMON' -- \
	setpriv --bounding-set=-bpf,-perfmon,-sys_admin "$cr_dump" -t "$target" --check
stop_target
start_target "listening:stream:$path.13" "gone:stream:$path.13:@cr-refusal-13"
not_whole 'gone, twice of one name' "fd 30: .*$path.13'" 'has gone again' "whose name, '@cr-refusal-13', others have"

# Places that are not free when a server is restored.
start_target "listening:stream:$path.10" bound:datagram:@cr-refusal-10
works 'dump a server' "$cr_dump" -t "$target" -o "$archive"
was=$target
eventually gone "$target"
target=
rm "$path.10"
outside "listening:stream:$path.10"
outside_ready
refused 'restore: another server is there' 3 "pid $was \(fd 30\)" "$path.10" "alive there, held by 'refusal_target' \(pid $other" \
	-- "$cr_restore" -d -i "$archive"
[ -S "$path.10" ] || fail 'restore: another server is there: it stays'
stop_outside
rm "$path.10"
echo text >"$path.10"
refused 'restore: a file is there' 3 "$path.10" 'no socket' -- "$cr_restore" -d -i "$archive"
[ "$(cat "$path.10")" = text ] || fail 'restore: a file is there: it stays'
rm "$path.10"
outside bound:datagram:@cr-refusal-10
outside_ready
refused 'restore: the name is taken' 3 "pid $was \(fd 31\)" "'@cr-refusal-10'" "held by 'refusal_target' \(pid $other" -- \
	"$cr_restore" -d -i "$archive"
gone "$was" || fail 'restore: the name is taken: nothing is started'
stop_outside
works 'restore: nothing is in the way, --check' "$cr_restore" --check -i "$archive"
[ ! -e "$path.10" ] || fail 'a check leaves nothing'
mkdir "$scratch/folder"
start_target "listening:stream:$scratch/folder/socket"
works 'dump a server in a folder' "$cr_dump" -t "$target" -o "$archive"
eventually gone "$target"
target=
rm -r "$scratch/folder"
refused 'restore: the folder has gone' 3 "$scratch/folder/socket" 'folder is not there' -- "$cr_restore" -d -i "$archive"

# A descriptor that nobody has, but that has something that only a process can have set.
start_target owned:stream
not_whole 'nobody can own it' 'a descriptor in a queue' 'F_SETOWN' 'receive it first'

exit "$failed"
