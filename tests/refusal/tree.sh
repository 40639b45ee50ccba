#!/bin/bash
# SPDX-License-Identifier: MIT
# What cannot be frozen below the process that is dumped: refused by name, in bounded time, and let go again.
set -u
. tests/refusal/lib.bash

out=$scratch/out/app.tar.zst

# start_tree FILE COMMAND...: starts it as a session of its own, and waits for FILE to hold something, or to be there.
start_tree() {
	local file=$1
	shift
	rm -f "$file"
	setsid "$@" </dev/null >/dev/null 2>&1 &
	root=$!
	disown
	started+=("$root")
	eventually test -e "$file" || fail "start: $*"
}

end_tree() {
	local pid
	kill -KILL "$root" "$@"
	for pid in "$root" "$@"; do
		eventually gone "$pid"
	done
}

is_traced_by() {
	grep -q "^TracerPid:	$2\$" "/proc/$1/status"
}

# A tracer with what it traces: the shell becomes the tracer.
start_tree "$scratch/traced" sh -c 'sleep 1000 & echo $! >"$1.new"; mv "$1.new" "$1"; exec "$0" $!' \
	"$build/tests/refusal/refusal_tracer" "$scratch/traced"
traced=$(cat "$scratch/traced")
started+=("$traced")
if eventually is_traced_by "$traced" "$root"; then
	refused 'a tracer and its tracee in the tree' 3 "pid $traced\b" "traced by pid $root" 'ptrace' -- \
		"$cr_dump" -t "$root" -o "$out"
	is_traced_by "$traced" "$root" && is_traced_by "$root" 0 && pass 'they go on' || fail 'they go on'
else
	skip 'a tracer and its tracee in the tree' 'could not trace here'
fi
end_tree "$traced"

# The parent waits in the kernel where nothing stops it.
start_tree "$scratch/vfork" "$build/tests/refusal/refusal_vfork" "$scratch/vfork"
child=$(cat "/proc/$root/task/$root/children")
child=${child% }
refused 'in vfork(2)' 3 "pid $root\b" "thread $root\b" "for pid $child .refusal_vfork." \
	'only sleeps' "end pid $child" -- \
	"$cr_dump" --timeout 1 -t "$root" -o "$out"
is_traced_by "$root" 0 && pass 'it goes on' || fail 'it goes on'
end_tree

# It is told of before it is frozen, or it would stop itself.
refused 'cr-dump in the tree' 3 'cr-dump' 'outside of' -- \
	setsid sh -c '"$0" -t $$ -o "$1"; exit $?' "$cr_dump" "$out"

# However long it takes to stop those before them, the last of many are found.
cat >"$scratch/nest" <<'END'
if [ "$1" -gt 0 ]; then
	sh "$0" $(($1 - 1)) "$2" &
	wait
else
	touch "$2"
	exec sleep 1000
fi
END
if [ -n "$(command -v strace)" ]; then
	start_tree "$scratch/nested" sh "$scratch/nest" 9 "$scratch/nested"
	works 'a tree that stops slowly' strace -f -o /dev/null -e trace=ptrace \
		-e inject=ptrace:delay_enter=100000:when=1..20 "$cr_dump" -R --timeout 1 -t "$root" -o "$out"
	[ "$(tar --zstd -tf "$out" | grep -c '^task/')" -eq 10 ] ||
		fail 'a tree that stops slowly: all of it' "$(tar --zstd -tf "$out" 2>&1)"
	rm -f "$out"
	# a session of its own, and so a group
	kill -KILL -- "-$root"
	eventually gone "$root"
else
	skip 'a tree that stops slowly' 'there is no strace'
fi

exit "$failed"
