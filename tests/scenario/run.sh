#!/bin/sh
# SPDX-License-Identifier: MIT
# The scenario group of the test run: all scenarios in all modes, as run_all.sh describes, and a sample of them in new
# namespaces, of what could be different there: ids, clocks, terminals, sockets, queues, who may do what.
sample="fd/epoll_targets fd/file_append fd/kernel_files fd/mqueue_queues fd/pidfd_processes fd/position_sharing
fd/terminal_controlling fd/terminal_numbers fd/timerfd_clocks fd/udp_queued fd/unix_socket_names
fd/unix_socket_credentials mm/posix_shm mm/sysv mm/vdso_clock signal/info_kinds task/capabilities task/dumpable
task/executable_deleted task/leader_of_session thread/credentials timer/interrupted_sleep timer/posix_clocks tree/random"
here=$(dirname "$0")
failed=0

"$here/run_all.sh" "$1" || failed=1
[ "$(id -u)" = 0 ] || exit "$failed"
# names, to be split
# shellcheck disable=SC2086
"$here/run_all.sh" -m "kill" -n "$1" $sample || failed=1
# shellcheck disable=SC2086
"$here/run_all.sh" -m "kill" -n -u 18943:58467 "$1" $sample || failed=1
exit "$failed"
