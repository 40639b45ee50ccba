#!/bin/bash
# SPDX-License-Identifier: MIT
# io_urings that cannot be preserved: named, with what is in the way, and the program goes on.
set -u
. tests/refusal/lib.bash

if [ "$(id -u)" -ne 0 ]; then
	skip 'io_uring' 'needs root'
	exit "$failed"
fi
if [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 2)" != 0 ]; then
	skip 'io_uring' 'this kernel has none, or kernel.io_uring_disabled is set'
	exit "$failed"
fi

refused_with io_uring-reading 'io_uring has 1 request in flight: IORING_OP_READ,'
refused_with io_uring-polling 'io_uring has 1 request in flight: IORING_OP_POLL_ADD,'
refused_with io_uring-timeout 'io_uring has 1 request in flight: IORING_OP_TIMEOUT,' 'io_uring_disabled'
refused_with io_uring-overflown 'io_uring has completions that wait for room'
refused_with io_uring-polled 'IORING_SETUP_SQPOLL'
refused_with io_uring-personality 'IORING_REGISTER_PERSONALITY'
refused_with io_uring-restricted 'IORING_REGISTER_RESTRICTIONS'
refused_with io_uring-providing 'IORING_OP_PROVIDE_BUFFERS'
refused_with io_uring-buffer-gone 'a buffer registered, at 0x' 'not what is in memory there'
refused_with io_uring-buffer-protected 'a buffer registered, at 0x' 'may not be written to'
refused_with io_uring-hidden-file 'a file registered, at index 0'
refused_with io_uring-hidden-eventfd 'an eventfd registered'
refused_with io_uring-deferred-polling 'io_uring has 1 request in flight'
refused_with io_uring-deferred-eventfd 'io_uring has 1 request in flight'
refused_with io_uring-orphan 'IORING_SETUP_SINGLE_ISSUER'

start_target io_uring-closed
refused io_uring-closed 3 "\b$target\b" 'maps a ring .*io_uring.* no descriptor of any more' -- \
	"$cr_dump" -t "$target" -o "$scratch/out/app.tar.zst"
stop_target

# What only the kernel's memory tells cannot be seen without the right to look there.
start_target io_uring
refused 'io_uring, no right to look' 3 "\b$target\b" 'fd 20\b' 'io_uring cannot be looked at' -- \
	setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin \
	"$cr_dump" -t "$target" -o "$scratch/out/app.tar.zst"
stop_target

exit "$failed"
