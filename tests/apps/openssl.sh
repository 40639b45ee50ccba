#!/bin/bash
# SPDX-License-Identifier: MIT
# openssl, dumped in the middle of deriving a key with some million rounds of SHA-256.
set -u
. tests/apps/lib.bash
needs openssl

make_data data 4
encrypt=(openssl enc -aes-256-cbc -pbkdf2 -iter 2500000 -pass pass:word -S 0123456789abcdef -in data)
"${encrypt[@]}" -out expected

start "${encrypt[@]}" -out encrypted
dump_when has_computed 500
restore
finish
same "the encrypted file is the same" expected encrypted
exit "$failed"
