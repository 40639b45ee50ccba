#!/bin/bash
# SPDX-License-Identifier: MIT
# PostgreSQL with its background processes, System V and POSIX shared memory, and a psql that is connected over a unix
# socket and inside a transaction, all in one tree: the transaction commits after the restore.
set -u
. tests/apps/lib.bash
bin=$(echo /usr/lib/postgresql/*/bin)
[ -x "$bin/postgres" ] || bin=$(dirname "$(command -v postgres)" 2>/dev/null)
if [ ! -x "$bin/initdb" ]; then
	skip "all of it" "PostgreSQL is not installed"
	exit 0
fi
needs psql setpriv
if [ "$(id -u)" -ne 0 ] || ! id -u nobody >/dev/null 2>&1; then
	skip "all of it" "it has to be started by root, as the user nobody"
	exit 0
fi
chmod 755 "$scratch" && mkdir "$scratch/db" && chown nobody "$scratch/db"
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups env LC_ALL=C PGUSER=postgres PGHOST="$scratch/db" PGDATABASE=postgres)
ask() {
	timeout 20 "${as_nobody[@]}" psql -qAt -c "$1"
}
try "initdb" "${as_nobody[@]}" "$bin/initdb" -U postgres -A trust -D "$scratch/db/data" || exit 1

# The shell is the root of the tree, and writes what the session is to do into a pipe when it is told.
cat >tree.sh <<'END'
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off >"$2/log" 2>&1 &
until psql -qAt -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
{
	echo 'CREATE TABLE item AS SELECT i FROM generate_series(1, 50000) AS i;'
	echo 'BEGIN; INSERT INTO item SELECT i FROM generate_series(50001, 60000) AS i;'
	echo "\\! touch $2/middle"
	until [ -e "$2/go" ]; do sleep 0.1; done
	echo 'SELECT count(*), sum(i) FROM item; COMMIT;'
	echo "\\! touch $2/committed"
} | psql -qAt >"$2/session.out" 2>"$2/session.err"
wait
END
start "${as_nobody[@]}" bash tree.sh "$bin" "$scratch/db"
dump_when test -e db/middle
restore
[ "$(ask 'SELECT count(*) FROM item')" = 50000 ] && pass "answers, and does not see the transaction" ||
	fail "answers, and does not see the transaction" "$(tail db/log)"
touch db/go
eventually test -e db/committed || fail "commits" "$(cat db/session.err)" "$(tail db/log)"
same "the session saw its own rows" <(echo '60000|1800030000') db/session.out
[ "$(ask 'SELECT count(*) FROM item')" = 60000 ] && pass "the transaction has committed" || fail "the transaction has committed"
try "a checkpoint" "${as_nobody[@]}" psql -qAt -c CHECKPOINT
kill -INT "$(head -n 1 db/data/postmaster.pid)"
eventually has_ended "$app" || fail "shuts down" "$(tail db/log)"
started=
grep -q 'database system is shut down' db/log && pass "shuts down" || fail "shuts down" "$(tail db/log)"
exit "$failed"
