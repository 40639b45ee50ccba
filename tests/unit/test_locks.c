/* SPDX-License-Identifier: MIT */
/* File locks as the kernel lists them: texts of each kind, hostile ones, and this process's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/proc/fdinfo.h"
#include "common/proc/locks.h"
#include "common/proc/mountinfo.h"
#include "common/proc/proc_dir.h"

/* In memory of its exact size, so that the sanitizer sees a read beyond. */
static int parse(const char *text, struct file_lock *lock)
{
	cleanup_free char *copy = malloc(strlen(text) + 1);

	assert_non_null(copy);
	memcpy(copy, text, strlen(text));
	return file_lock_parse(copy, strlen(text), lock);
}

static void test_kinds(void **state maybe_unused)
{
	static const struct {
		const char *line, *text;
		enum file_lock_kind kind;
		pid_t pid;
	} lines[] = {
		{"1: FLOCK  ADVISORY  WRITE 4672 fe:00:109 0 EOF", "flock (exclusive)", FILE_LOCK_FLOCK,
		 4672},
		{"1: FLOCK  ADVISORY  READ 0 fe:00:109 0 EOF", "flock (shared)", FILE_LOCK_FLOCK, 0},
		{"22: POSIX  ADVISORY  READ 4672 fe:00:109 100 199", "POSIX read lock of bytes 100 to 199",
		 FILE_LOCK_POSIX, 4672},
		{"3: OFDLCK ADVISORY  WRITE -1 fe:00:109 0 EOF", "write lock (OFD) of the whole file",
		 FILE_LOCK_OFD, -1},
		{"3: OFDLCK ADVISORY  WRITE -1 fe:00:109 7 EOF", "write lock (OFD) of all bytes from 7 on",
		 FILE_LOCK_OFD, -1},
		{"4: LEASE  ACTIVE    READ 5 fe:00:109 0 EOF", "read lease", FILE_LOCK_LEASE, 5},
		{"5: DELEG  ACTIVE    READ 5 fe:00:109 0 EOF", "read delegation", FILE_LOCK_DELEGATION, 5},
		{"6: UNKNOWN UNKNOWN  READ 5 fe:00:109 0 EOF", "lock of an unknown kind", FILE_LOCK_UNKNOWN,
		 5},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[FILE_LOCK_TEXT_SIZE];
		struct file_lock lock;

		assert_int_equal(parse(lines[i].line, &lock), 0);
		assert_string_equal(file_lock_describe(&lock, text), lines[i].text);
		assert_int_equal(lock.kind, lines[i].kind);
		assert_int_equal(lock.pid, lines[i].pid);
		assert_int_equal(lock.major, 0xfe);
		assert_int_equal(lock.inode, 109);
		assert_false(lock.is_waiting || lock.is_breaking);
	}
}

static void test_waiting(void **state maybe_unused)
{
	struct file_lock lock;

	assert_int_equal(parse("7: -> FLOCK  ADVISORY  WRITE 9 08:02:1 0 EOF", &lock), 0);
	assert_true(lock.is_waiting && lock.kind == FILE_LOCK_FLOCK && lock.number == 7 && lock.pid == 9);
	/* Who waits for one who waits stands further to the right. */
	assert_int_equal(parse("7:    -> POSIX  ADVISORY  READ 9 08:02:1 0 0", &lock), 0);
	assert_true(lock.is_waiting && lock.start == 0 && lock.end == 0);
	assert_int_equal(parse("8: LEASE  BREAKING  UNLCK 9 08:02:1 0 EOF", &lock), 0);
	assert_true(lock.is_breaking && !lock.is_read && !lock.is_write);
	assert_int_equal(parse("8: -> LEASE  BREAKER   WRITE 9 08:02:1 0 EOF", &lock), 0);
	assert_true(lock.is_waiting);
	assert_int_equal(parse("9: FLOCK  ADVISORY  WRITE 9 <none>:0 0 EOF", &lock), 0);
	assert_int_equal(lock.inode, 0);
}

static void test_bad(void **state maybe_unused)
{
	static const char *const lines[] = {
		"",
		"1",
		"1:",
		"x: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF",
		"1: FLOCK  ADVISORY",
		"1: FLOCK  ADVISORY  OTHER 1 fe:00:1 0 EOF",
		"1: FLOCK  ADVISORY  WRITE x fe:00:1 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 1 fe:00 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 1 fe-00-1 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0",
		"1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF more",
		"1: POSIX  ADVISORY  WRITE 1 fe:00:1 10 9",
		"1: POSIX  ADVISORY  WRITE 1 fe:00:1 0 9223372036854775808",
		"1: POSIX  ADVISORY  WRITE 1 fe:00:1 -1 9",
		"99999999999999999999: POSIX  ADVISORY  WRITE 1 fe:00:1 0 9",
	};
	struct file_lock lock;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (parse(lines[i], &lock) != -EBADMSG)
			fail_msg("taken: '%s'", lines[i]);
}

static void test_conflicts(void **state maybe_unused)
{
	static const struct {
		const char *left, *right;
		bool is_conflict;
	} pairs[] = {
		{"1: FLOCK A WRITE 1 1:2:3 0 EOF", "1: FLOCK A READ 2 1:2:3 0 EOF", true},
		{"1: FLOCK A READ 1 1:2:3 0 EOF", "1: FLOCK A READ 2 1:2:3 0 EOF", false},
		{"1: FLOCK A WRITE 1 1:2:3 0 EOF", "1: FLOCK A WRITE 2 1:2:4 0 EOF", false},
		{"1: FLOCK A WRITE 1 1:2:3 0 EOF", "1: FLOCK A WRITE 2 1:1:3 0 EOF", false},
		{"1: FLOCK A WRITE 1 1:2:3 0 EOF", "1: POSIX A WRITE 2 1:2:3 0 EOF", false},
		{"1: POSIX A WRITE 1 1:2:3 0 9", "1: OFDLCK A READ -1 1:2:3 9 EOF", true},
		{"1: POSIX A WRITE 1 1:2:3 0 9", "1: OFDLCK A READ -1 1:2:3 10 EOF", false},
		{"1: POSIX A READ 1 1:2:3 0 9", "1: OFDLCK A READ -1 1:2:3 0 9", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct file_lock left, right;

		assert_int_equal(parse(pairs[i].left, &left), 0);
		assert_int_equal(parse(pairs[i].right, &right), 0);
		assert_int_equal(file_lock_conflicts(&left, &right), pairs[i].is_conflict);
		assert_int_equal(file_lock_conflicts(&right, &left), pairs[i].is_conflict);
	}
}

/* What the kernel says of a lock of ours. */
static void test_own(void **state maybe_unused)
{
	cleanup_(file_lock_list_done) struct file_lock_list list = {0};
	cleanup_(fdinfo_done) struct fdinfo info = {0};
	char path[] = "/tmp/test_locks.XXXXXX";
	cleanup_close int fd = mkstemp(path), proc_fd = -EBADF;
	struct file_lock lock;
	unsigned major, minor;
	bool is_listed = false;

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(proc_open(getpid(), &proc_fd), 0);
	assert_int_equal(fdinfo_read(proc_fd, fd, &info), 0);
	assert_int_equal(info.locks_count, 1);
	assert_int_equal(file_lock_parse(fdinfo_get(&info, "lock"), strlen(fdinfo_get(&info, "lock")), &lock),
			 0);
	assert_true(lock.kind == FILE_LOCK_FLOCK && lock.is_read && lock.inode == info.inode);
	assert_int_equal(mountinfo_read_device((uint64_t)info.mount_id, &major, &minor), 0);
	assert_int_equal(lock.major, major);
	assert_int_equal(lock.minor, minor);
	assert_int_equal(file_lock_list_read(&list), 0);
	for (size_t i = 0; i < list.locks_count; i++)
		is_listed |=
			file_lock_is_of_same_file(&list.locks[i], &lock) && list.locks[i].pid == getpid();
	assert_true(is_listed);
}

static void test_mountinfo(void **state maybe_unused)
{
	static const char text[] = "22 28 0:20 / /sys rw - sysfs sysfs rw\n"
				   "28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n";
	unsigned major = 0, minor = 7;

	assert_int_equal(mountinfo_find_device(text, strlen(text), 28, &major, &minor), 0);
	assert_int_equal(major, 254);
	assert_int_equal(minor, 0);
	assert_int_equal(mountinfo_find_device(text, strlen(text), 1, &major, &minor), -ENOENT);
	assert_int_equal(mountinfo_find_device("28 1 254", 8, 28, &major, &minor), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_bad),   cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_own),   cmocka_unit_test(test_mountinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
