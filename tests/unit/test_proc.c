/* SPDX-License-Identifier: MIT */
/* The parsers of /proc: given texts, hostile ones too, and every process of the running machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/pidref.h"
#include "common/probe.h"
#include "common/proc/auxv.h"
#include "common/proc/cursor.h"
#include "common/proc/fdinfo.h"
#include "common/proc/limits.h"
#include "common/proc/maps.h"
#include "common/proc/mount_points.h"
#include "common/proc/ns_links.h"
#include "common/proc/proc_dir.h"
#include "common/proc/sched.h"
#include "common/proc/stat.h"
#include "common/proc/status.h"
#include "common/proc/timers.h"
#include "tests/unit/exact.h"

static void test_numbers(void **state maybe_unused)
{
	static const char text[] =
		" 18446744073709551615 18446744073709551616 ff -9223372036854775808 -9223372036854775809";
	struct cursor cursor = CURSOR(text, strlen(text)), word;
	uint64_t value;
	int64_t number;

	assert_int_equal(cursor_u64(&cursor, 10, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(cursor_u64(&cursor, 10, &value), -EBADMSG);
	assert_true(cursor_word(&cursor, &word));
	assert_int_equal(cursor_u64(&cursor, 8, &value), -EBADMSG);
	assert_int_equal(cursor_u64(&cursor, 16, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(cursor_i64(&cursor, &number), 0);
	assert_true(number == INT64_MIN);
	assert_int_equal(cursor_i64(&cursor, &number), -EBADMSG);
}

static void test_status_text(void **state maybe_unused)
{
	static const char text[] =
		"Name:\t a\\nb\\\\ \nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t5\nNgid:\t0\nPid:\t6\n"
		"PPid:\t1\nTracerPid:\t7\nUid:\t0\t1\t2\t4294967295\nGid:\t3\t4\t5\t6\n"
		"Groups:\t4 24 \nNStgid:\t5\t1\nNSpid:\t6\t2\nVmSize:\t     176 kB\nVmLck:\t 4 kB\n"
		"THP_enabled:\t1\nSigQ:\t3/96365\nSigBlk:\tffffffffffffffff\n"
		"CapEff:\t000001fffeffffff\nSeccomp:\t2\nSeccomp_filters:\t1\nNew_key:\t?\n"
		"Cpus_allowed:\tff,ffffffff\nx86_Thread_features:\tshstk wrss \n";
	cleanup_(status_done) struct status status = {0};
	cleanup_free char *copy = exact(text);

	assert_int_equal(status_parse(copy, strlen(text), &status), 0);
	assert_string_equal(status.name, " a\nb\\ ");
	assert_true(status.has_umask && status.umask == 022);
	assert_int_equal(status.state, 'S');
	assert_int_equal(status.tracer_pid, 7);
	assert_int_equal(status.uids[3], UINT32_MAX);
	assert_int_equal(status.gids[2], 5);
	assert_int_equal(status.groups_count, 2);
	assert_int_equal(status.groups[1], 24);
	assert_int_equal(status.ns_pids.count, 2);
	assert_int_equal(status.ns_pids.ids[1], 2);
	assert_true(status.has_memory);
	assert_int_equal(status.memory.size, 176 * 1024);
	assert_int_equal(status.memory.locked, 4096);
	assert_true(status.has_thp_enabled && status.thp_enabled);
	assert_int_equal(status.queued_signals, 3);
	assert_true(status.blocked == UINT64_MAX);
	assert_int_equal(status.seccomp_mode, 2);
	assert_string_equal(status.cpus_allowed, "ff,ffffffff");
	assert_string_equal(status.x86_features, "shstk wrss");
	for (size_t i = 0; i < 20; i++) { /* cut off anywhere before what is required */
		struct status cut;

		assert_int_equal(status_parse(copy, i, &cut), -EBADMSG);
	}
}

static void test_stat_text(void **state maybe_unused)
{
	static const char text[] =
		"5 (a) S (b\n) 1 ) S 1 5 5 0 -1 4194304 128 0 1 0 0 0 -3 0 20 0 1 0 498513 2990080 361 "
		"18446744073709551615 1 2 3 0 0 0 0 6 0 1 0 0 17 0 0 0 0 0 0 4 5 6 7 8 9 10 -11\n";
	cleanup_free char *copy = exact(text);
	struct stat_info stat;

	assert_int_equal(stat_parse(copy, strlen(text), &stat), 0);
	assert_string_equal(stat.comm, "a) S (b\n) 1 ");
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.tty_pgid, -1);
	assert_int_equal(stat.children_user_ticks, -3);
	assert_int_equal(stat.start_ticks, 498513);
	assert_true(stat.rss_limit == UINT64_MAX);
	assert_int_equal(stat.exit_signal, 17);
	assert_int_equal(stat.start_brk, 6);
	assert_int_equal(stat.env_end, 10);
	assert_int_equal(stat.exit_code, -11);
	assert_int_equal(stat_parse(copy, strlen(text) - 5, &stat), -EBADMSG);
	assert_int_equal(stat_parse(copy, 0, &stat), -EBADMSG);
}

static void test_limits(void **state maybe_unused)
{
	cleanup_close int proc_fd = -EBADF;
	struct limits limits;

	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(limits_read(proc_fd, &limits), 0);
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit64 limit;

		assert_int_equal(getrlimit64(i, &limit), 0);
		assert_true(limit.rlim_cur == limits.limits[i].rlim_cur);
		assert_true(limit.rlim_max == limits.limits[i].rlim_max);
	}
	assert_int_equal(limits_parse("Limit \n", 7, &limits), -EBADMSG);
	assert_int_equal(limits_parse("Limit \nMax new thing  1 2\n", 26, &limits), -EBADMSG);
}

static void test_fdinfo_text(void **state maybe_unused)
{
	static const char text[] =
		"pos:\t12\nflags:\t02100002\nmnt_id:\t24\nino:\t3\nlock:\t1: FLOCK ADVISORY WRITE 1\n"
		"eventfd-count:               a\npos: 5\nno colon here\nlock:\t2: x\n";
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};
	cleanup_free char *copy = exact(text);
	struct fdinfo bad;
	uint64_t value;

	assert_int_equal(fdinfo_parse(copy, strlen(text), &fdinfo), 0);
	assert_int_equal(fdinfo.position, 12);
	assert_int_equal(fdinfo.flags, O_RDWR | O_CLOEXEC | 0100000);
	assert_int_equal(fdinfo.mount_id, 24);
	assert_true(fdinfo.has_inode && fdinfo.inode == 3);
	assert_int_equal(fdinfo.locks_count, 2);
	assert_int_equal(fdinfo.entries_count, 5);
	assert_string_equal(fdinfo_get(&fdinfo, "eventfd-count"), "a");
	assert_int_equal(fdinfo_get_u64(&fdinfo, "eventfd-count", 16, &value), 0);
	assert_int_equal(value, 10);
	assert_int_equal(fdinfo_get_u64(&fdinfo, "eventfd-count", 10, &value), -EBADMSG);
	assert_int_equal(fdinfo_get_u64(&fdinfo, "absent", 10, &value), -ENOENT);
	assert_string_equal(fdinfo_get(&fdinfo, "lock"), "1: FLOCK ADVISORY WRITE 1");
	assert_string_equal(fdinfo_get(&fdinfo, ""), "no colon here");
	assert_null(fdinfo_get(&fdinfo, "mnt_id"));
	assert_int_equal(fdinfo_parse("pos:\t1\n", 7, &bad), -EBADMSG);
	assert_int_equal(fdinfo_parse("pos:\tx\nflags:\t0\n", 16, &bad), -EBADMSG);
}

static void test_timers(void **state maybe_unused)
{
	cleanup_(timer_list_done) struct timer_list list = {0};
	cleanup_close int proc_fd = -EBADF;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	static const char bad[] = "ID: 1\nsignal: 60/00007fff86e452a8\nnotify: wave/pid.2\nClockID: 0\n";
	timer_t timers[2];

	event.sigev_value.sival_ptr = &list;
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timers[0]), 0);
	event.sigev_notify = SIGEV_NONE;
	assert_int_equal(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timers[1]), 0);
	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(timer_list_read(proc_fd, &list), 0);
	assert_int_equal(list.timers_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct timer_info *timer = &list.timers[i];

		assert_int_equal(timer->signal, SIGUSR1);
		assert_true(timer->value == (uintptr_t)&list);
		assert_int_equal(timer->target, getpid());
		assert_false(timer->is_thread_target);
		if (timer->notify == TIMER_NOTIFY_SIGNAL)
			assert_int_equal(timer->clock_id, CLOCK_MONOTONIC);
		else
			assert_int_equal(timer->notify, TIMER_NOTIFY_NONE);
		timer_delete(timers[i]);
	}
	assert_int_equal(timer_list_parse(bad, strlen(bad), &list), -EBADMSG);
}

static void test_sched(void **state maybe_unused)
{
	static const char text[] = "x\nse.exec_start : 9.0\n---\n (1, #threads: 1)\n"
				   "-------------------------------------------------------------------\n"
				   "se.exec_start                                :       4982252.067692\n"
				   "nr_voluntary_switches                        :                    3\n"
				   "nr_involuntary_switches                      :                    4\n";
	cleanup_free char *copy = exact(text);
	cleanup_close int proc_fd = -EBADF;
	struct sched_info before, after;

	assert_int_equal(sched_parse(copy, strlen(text), &before), 0);
	assert_true(before.exec_start_ns == 4982252067692);
	assert_int_equal(before.voluntary_switches, 3);
	assert_int_equal(before.involuntary_switches, 4);
	assert_int_equal(sched_parse(copy, strlen(text) - 30, &before), -EBADMSG);
	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	if (sched_read(proc_fd, &before) == -ENOENT)
		skip();
	assert_int_equal(usleep(2000), 0);
	assert_int_equal(sched_read(proc_fd, &after), 0);
	assert_true(after.exec_start_ns > before.exec_start_ns);
	assert_true(after.voluntary_switches > before.voluntary_switches);
}

static void test_ns_links_and_auxv(void **state maybe_unused)
{
	cleanup_close int proc_fd = -EBADF;
	struct ns_links links;
	struct auxv auxv;
	struct stat info;
	uint64_t value;

	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(ns_links_read(proc_fd, NS_LINKS_ALL, &links), 0);
	assert_int_equal(fstatat(proc_fd, "ns/pid_for_children", &info, 0), 0);
	assert_true(links.inodes[NS_LINK_PID_FOR_CHILDREN] == info.st_ino);
	assert_int_equal(ns_link_parse("mnt:[12]", 8, NS_LINK_MNT, &value), 0);
	assert_int_equal(value, 12);
	assert_int_equal(ns_link_parse("mnt:[12]", 8, NS_LINK_NET, &value), -EBADMSG);
	assert_int_equal(ns_link_parse("mnt:[12", 7, NS_LINK_MNT, &value), -EBADMSG);
	assert_int_equal(auxv_read(proc_fd, &auxv), 0);
	assert_true(auxv_get(&auxv, AT_SYSINFO_EHDR, &value));
	assert_true(value == getauxval(AT_SYSINFO_EHDR));
	assert_false(auxv_get(&auxv, 12345, &value));
	assert_int_equal(auxv_parse("x", 1, &auxv), -EBADMSG);
}

static void test_hostile_comm(void **state maybe_unused)
{
	static const char name[] = "a) S 1\n(\\n 0:";
	cleanup_(status_done) struct status status = {0};
	cleanup_close int proc_fd = -EBADF, thread_fd = -EBADF;
	cleanup_free pid_t *tids = NULL;
	char comm[PROC_COMM_SIZE], old[16];
	struct stat_info stat;
	size_t count;

	assert_int_equal(prctl(PR_GET_NAME, old), 0);
	assert_int_equal(prctl(PR_SET_NAME, name), 0);
	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(proc_open_thread(proc_fd, gettid(), &thread_fd), 0);
	assert_int_equal(status_read(thread_fd, &status), 0);
	assert_int_equal(stat_read(proc_fd, &stat), 0);
	assert_int_equal(proc_read_comm(proc_fd, comm), 0);
	assert_string_equal(status.name, name);
	assert_string_equal(stat.comm, name);
	assert_string_equal(comm, name);
	assert_int_equal(stat.pid, getpid());
	assert_int_equal(proc_list_threads(proc_fd, &tids, &count), 0);
	assert_true(count >= 1 && tids[0] == getpid());
	prctl(PR_SET_NAME, old);
}

static bool is_expected(int r)
{
	/* Gone meanwhile, or not ours to read. */
	return r == 0 || r == -ESRCH || r == -ENOENT || r == -EACCES || r == -EPERM;
}

static void check_process(int proc_fd, const char *pid)
{
	cleanup_(vma_list_done) struct vma_list list = {0};
	cleanup_(status_done) struct status status = {0};
	cleanup_(timer_list_done) struct timer_list timers = {0};
	cleanup_free int *fds = NULL;
	struct stat_info stat;
	struct limits limits;
	struct sched_info sched;
	struct ns_links links;
	struct auxv auxv;
	size_t count = 0;
	int results[] = {
		vma_list_read(proc_fd, VMA_DETAIL_SMAPS, &list),
		status_read(proc_fd, &status),
		timer_list_read(proc_fd, &timers),
		stat_read(proc_fd, &stat),
		limits_read(proc_fd, &limits),
		sched_read(proc_fd, &sched),
		ns_links_read(proc_fd, NS_LINKS_ALL, &links),
		auxv_read(proc_fd, &auxv),
		proc_list_numbers(proc_fd, "fd", &fds, &count),
	};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		if (!is_expected(results[i]))
			fail_msg("pid %s: parser %zu: %s", pid, i, strerror(-results[i]));
	}
	for (size_t i = 0; i < list.vmas_count; i++)
		assert_false(list.vmas[i].has_unknown_flag);
	for (size_t i = 0; i < count; i++) {
		cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};

		assert_true(is_expected(fdinfo_read(proc_fd, fds[i], &fdinfo)));
	}
}

static void test_every_process(void **state maybe_unused)
{
	cleanup_free int *pids = NULL;
	size_t count;

	assert_int_equal(proc_list_numbers(AT_FDCWD, "/proc", &pids, &count), 0);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		cleanup_close int proc_fd = -EBADF;
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", pids[i]);
		if (proc_open(pids[i], &proc_fd) == 0)
			check_process(proc_fd, pid);
	}
}

static void test_gone_process(void **state maybe_unused)
{
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	cleanup_(status_done) struct status status = {0};
	cleanup_(vma_list_done) struct vma_list list = {0};
	cleanup_close int proc_fd = -EBADF;
	int fds[2], ours = -EBADF;
	struct stat info[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(pidref_open(pid, &pidref), 0);
	assert_int_equal(proc_open(pid, &proc_fd), 0);
	assert_int_equal(pidref_getfd(&pidref, fds[1], &ours), 0);
	assert_int_equal(fstat(ours, &info[0]) | fstat(fds[1], &info[1]), 0);
	assert_true(info[0].st_ino == info[1].st_ino && fcntl(ours, F_GETFD) == FD_CLOEXEC);
	close_fd(&ours);
	close_fd(&fds[0]);
	close_fd(&fds[1]);
	assert_int_equal(pidref_getfd(&pidref, 1000, &ours), -EBADF);
	assert_int_equal(pidref_send_signal(&pidref, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(status_read(proc_fd, &status), 0);
	assert_int_equal(status.state, 'Z');
	assert_false(status.has_memory);
	assert_int_equal(vma_list_read(proc_fd, VMA_DETAIL_SMAPS, &list), 0);
	assert_int_equal(list.vmas_count, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pidref_send_signal(&pidref, 0), -ESRCH);
	assert_int_equal(pidref_open(-1, &pidref), -ESRCH);
	assert_int_equal(proc_open(pid, &ours), -ESRCH);
}

static void test_probe(void **state maybe_unused)
{
	struct kernel_features features;

	assert_int_equal(kernel_probe(&features), 0);
	assert_int_equal(features.page_size, PAGE_SIZE_BYTES);
	assert_true(features.release[0] != '\0');
	assert_true(features.has_clone_set_tid || !features.may_clone_set_tid);
	print_message(
		"pagemap_scan %d guard %d set_tid %d/%d getfd %d timer ids %d kcmp %d caps %llx boot %s\n",
		features.has_pagemap_scan, features.has_pagemap_guard, features.has_clone_set_tid,
		features.may_clone_set_tid, features.has_pidfd_getfd, features.has_timer_restore_ids,
		features.has_kcmp, (unsigned long long)features.cap_effective, features.boot_id);
}

static void mount_points_of_a_device(void **state maybe_unused)
{
	static const char text[] = "21 26 0:19 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
				   "26 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
				   "90 26 254:0 /srv /mnt/a\\040b\\134\\012 rw - ext4 /dev/vda rw\n"
				   "91 26 254:0 /srv/b//deleted /mnt/c\\040d rw - ext4 /dev/vda rw\n"
				   "92 26 254:0 /deleted /mnt/e rw - ext4 /dev/vda rw\n";
	struct cursor cursor = CURSOR(text, sizeof(text) - 1);
	char path[PATH_MAX];

	assert_int_equal(mount_points_next_deleted(&cursor, path), 1);
	assert_string_equal(path, "/mnt/c d");
	assert_int_equal(mount_points_next_deleted(&cursor, path), 0);
	cursor = CURSOR(text, sizeof(text) - 1);
	assert_int_equal(mount_points_next(&cursor, 254, 0, path), 1);
	assert_string_equal(path, "/");
	assert_int_equal(mount_points_next(&cursor, 254, 0, path), 1);
	assert_string_equal(path, "/mnt/a b\\\n");
	assert_int_equal(mount_points_next(&cursor, 254, 0, path), 1);
	assert_int_equal(mount_points_next(&cursor, 254, 0, path), 1);
	assert_int_equal(mount_points_next(&cursor, 254, 0, path), 0);
	cursor = CURSOR(text, sizeof(text) - 1);
	assert_int_equal(mount_points_next(&cursor, 254, 1, path), 0);
	assert_int_equal(mount_points_find(text, sizeof(text) - 1, 90, path), 0);
	assert_string_equal(path, "/mnt/a b\\\n");
	assert_int_equal(mount_points_find(text, sizeof(text) - 1, 1, path), -ENOENT);
}

static void mount_points_bad(void **state maybe_unused)
{
	static const char *const texts[] = {"21",
					    "21 26 0",
					    "21 26 0:19 /",
					    "x 26 0:19 / /sys",
					    "1 2 0:19 / /a\\04",
					    "1 2 0:19 / /a\\049",
					    "1 2 0:19 / /\\000"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cursor cursor = CURSOR(texts[i], strlen(texts[i]));

		assert_int_equal(mount_points_next(&cursor, 0, 19, path), -EBADMSG);
		assert_int_equal(mount_points_find(texts[i], strlen(texts[i]), 1, path),
				 strncmp(texts[i], "1 ", 2) == 0 || i < 4 ? -EBADMSG : -ENOENT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mount_points_of_a_device),
		cmocka_unit_test(mount_points_bad),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_status_text),
		cmocka_unit_test(test_stat_text),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_fdinfo_text),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_sched),
		cmocka_unit_test(test_ns_links_and_auxv),
		cmocka_unit_test(test_hostile_comm),
		cmocka_unit_test(test_every_process),
		cmocka_unit_test(test_gone_process),
		cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
