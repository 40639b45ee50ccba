#!/bin/bash
# SPDX-License-Identifier: MIT
# A Node.js program with timers, a worker thread and a pool of threads for cryptography.
set -u
. tests/apps/lib.bash
needs node

cat >program.js <<'END'
const { Worker } = require('worker_threads');
const crypto = require('crypto');
const fs = require('fs');
const rounds = Number(process.argv[2]), progress = fs.openSync(process.argv[3], 'w');
const worker = new Worker(
	'require("worker_threads").parentPort.on("message", n => require("worker_threads").parentPort.postMessage(n * n))',
	{ eval: true });
let round = 0, hash = '';
worker.on('message', square => crypto.pbkdf2(hash + square, 'salt', 500, 16, 'sha256', (error, key) => {
	if (error) throw error;
	hash = key.toString('hex');
	fs.writeSync(progress, `${round}\n`);
	if (++round === rounds) { console.log(hash); worker.terminate(); } else setTimeout(() => worker.postMessage(round), 1);
}));
worker.postMessage(round);
END
node program.js 400 expected.progress >expected
start node program.js 400 progress
dump_when has_lines progress 100
restore
finish
same "the result is the same" expected app.out
exit "$failed"
