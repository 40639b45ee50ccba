#!/bin/bash
# SPDX-License-Identifier: MIT
# make -j2 in the middle of a build, with compilers at work and a jobserver between make and its children.
set -u
. tests/apps/lib.bash
needs make cc ar

mkdir build
for i in 1 2 3 4 5 6 7 8; do
	printf '#include <stdio.h>\nint number_%d(int x) { return printf("%%d\\n", x * %d); }\n' $i $i >build/part$i.c
done
cat >build/Makefile <<'END'
parts := $(patsubst %.c,%.o,$(wildcard part*.c))
all: library.a
library.a: $(parts)
	ar rcD $@ $(sort $^)
%.o: %.c
	sleep 0.2
	$(CC) -O2 -c -o $@ $<
END
cp -r build expected
make -s -C expected >/dev/null 2>&1 || fail "build undisturbed"
start make -C build -j2
has_parts() {
	[ "$(find build -name '*.o' | wc -l)" -ge 2 ]
}
dump_when has_parts
restore
finish
same "the library is the same" expected/library.a build/library.a
exit "$failed"
