#!/bin/bash
# SPDX-License-Identifier: MIT
# sqlite3 with a script, dumped in the middle of a transaction that has written a part of its pages already: it commits
# after the restore, and rolls another one back. During a transaction it holds locks on its files (fcntl(2)), byte ranges.
set -u
. tests/apps/lib.bash
needs sqlite3

cat >script.sql <<'END'
PRAGMA cache_size = 50;
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, value INTEGER);
CREATE INDEX item_by_value ON item (value);
INSERT INTO item VALUES (0, 'from before', 0);
BEGIN;
INSERT INTO item
	WITH RECURSIVE number (i, value) AS (
		VALUES (1, 1) UNION ALL SELECT i + 1, value * 16807 % 2147483647 FROM number WHERE i < 150000
	)
	SELECT i, printf('item %d of many', i), value FROM number;
UPDATE item SET name = name || '!' WHERE id % 1000 = 0;
COMMIT;
BEGIN;
DELETE FROM item WHERE id % 3 = 0;
ROLLBACK;
PRAGMA integrity_check;
SELECT count(*), sum(value), sum(length(name)), max(id) FROM item;
END
sqlite3 -bail expected.db <script.sql >expected 2>&1

dump_options=(--file-locks) restore_options=(--file-locks)
input=script.sql
start sqlite3 -bail test.db # it reads its script by and by
dump_when has_grown_to test.db $(($(size_of expected.db) / 3))
if [ -s test.db-journal ] && [ ! -s app.out ]; then
	pass "it was in the middle of a transaction"
else
	fail "it was in the middle of a transaction" "$(ls -l)"
fi
restore
finish
same "the database says the same" expected app.out
same "the integrity check finds nothing" <(echo ok) <(head -n 1 app.out)
same "another sqlite3 reads the same" <(sqlite3 expected.db .dump | sha256sum) <(sqlite3 test.db .dump | sha256sum)
exit "$failed"
