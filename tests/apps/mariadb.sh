#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB, which reads and writes its tables by io_uring, and a client that is connected over a unix socket and inside a
# transaction, all in one tree: the transaction commits after the restore, and the tables are good.
set -u
. tests/apps/lib.bash
needs mariadbd mariadb mariadb-install-db setpriv
if [ "$(id -u)" -ne 0 ] || ! id -u nobody >/dev/null 2>&1; then
	skip "all of it" "it has to be started by root, as the user nobody"
	exit 0
fi
chmod 755 "$scratch" && mkdir "$scratch/db" && chown nobody "$scratch/db"
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
ask() {
	timeout 20 mariadb --no-defaults -S "$scratch/db/socket" -u root -N -B -e "$1"
}
try "install" "${as_nobody[@]}" mariadb-install-db --no-defaults --datadir="$scratch/db/data" \
	--auth-root-authentication-method=normal --skip-test-db || exit 1

# The shell is the root of the tree, and writes what the client is to do into a pipe when it is told.
cat >tree.sh <<'END'
mariadbd --no-defaults --datadir="$1/data" --socket="$1/socket" --pid-file="$1/pid" --skip-networking \
	--innodb-buffer-pool-size=16M --log-error="$1/log.err" &
client=(mariadb --no-defaults -S "$1/socket" -u root -N -B -n)
until "${client[@]}" -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
{
	echo 'CREATE DATABASE shop; USE shop; CREATE TABLE item (i INT PRIMARY KEY, text VARCHAR(2000)) ENGINE=InnoDB;'
	echo "INSERT INTO item SELECT seq, REPEAT('x', 2000) FROM seq_1_to_10000;"
	echo "BEGIN; INSERT INTO item SELECT seq, REPEAT('y', 2000) FROM seq_10001_to_12000;"
	echo "SELECT 'middle';"
	until [ -e "$1/go" ]; do sleep 0.1; done
	echo 'SELECT count(*), sum(i) FROM item; COMMIT;'
	echo "SELECT 'committed';"
} | "${client[@]}" >"$1/session.out" 2>"$1/session.err"
wait
END
start "${as_nobody[@]}" bash tree.sh "$scratch/db"
if ! eventually grep -q middle db/session.out; then
	fail "start" "$(tail db/log.err)" "$(cat db/session.err)"
	exit 1
fi
if ! grep -q 'Using io_uring' db/log.err; then
	skip "with io_uring" "this MariaDB does without it"
fi
dump_options=(--file-locks)
restore_options=(--file-locks)
dump_when grep -q middle db/session.out
restore
[ "$(ask 'SELECT count(*) FROM shop.item')" = 10000 ] && pass "answers, and does not see the transaction" ||
	fail "answers, and does not see the transaction" "$(tail db/log.err)"
touch db/go
eventually grep -q committed db/session.out || fail "commits" "$(cat db/session.err)" "$(tail db/log.err)"
same "the session saw its own rows" <(printf 'middle\n12000\t72006000\ncommitted\n') db/session.out
ask "USE shop; INSERT INTO item SELECT seq, REPEAT('z', 2000) FROM seq_20001_to_30000; FLUSH TABLES;" ||
	fail "writes more" "$(tail db/log.err)"
[ "$(ask 'CHECK TABLE shop.item')" = "$(printf 'shop.item\tcheck\tstatus\tOK')" ] && pass "the table is good" ||
	fail "the table is good" "$(ask 'CHECK TABLE shop.item')"
[ "$(ask 'SELECT count(*) FROM shop.item')" = 22000 ] && pass "all rows are there" || fail "all rows are there"
kill -TERM "$(cat db/pid)"
eventually has_ended "$app" || fail "shuts down" "$(tail db/log.err)"
started=
grep -q 'Shutdown complete' db/log.err && pass "shuts down" || fail "shuts down" "$(tail db/log.err)"
exit "$failed"
