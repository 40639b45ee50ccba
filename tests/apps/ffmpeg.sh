#!/bin/bash
# SPDX-License-Identifier: MIT
# ffmpeg with threads of its own, dumped when half of the film is written.
set -u
. tests/apps/lib.bash
needs ffmpeg

encode=(ffmpeg -nostdin -v error -f lavfi -i "testsrc=duration=30:size=640x360:rate=25" -c:v mpeg4 -q:v 3 -threads 2
	-flags +bitexact -fflags +bitexact -flush_packets 1)
"${encode[@]}" expected.avi

start "${encode[@]}" film.avi
dump_when has_grown_to film.avi $(($(size_of expected.avi) / 2))
restore
finish
same "the film is the same" expected.avi film.avi
exit "$failed"
