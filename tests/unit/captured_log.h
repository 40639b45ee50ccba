/* SPDX-License-Identifier: MIT */
/* What was logged, for tests that ask for it; to be included behind cmocka.h. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

/* Standard error goes to a file while a test runs, so that it can ask what was logged. */
static int log_fd = -EBADF, stderr_fd = -EBADF;

static inline int capture_log(void **state maybe_unused)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return log_fd < 0 || stderr_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0;
}

static inline int release_log(void **state maybe_unused)
{
	dup2(stderr_fd, STDERR_FILENO);
	close_fd(&stderr_fd);
	close_fd(&log_fd);
	return 0;
}

#define LOGGING_TEST(name) cmocka_unit_test_setup_teardown(name, capture_log, release_log)

/* Exactly one line was logged since the last question, and TEXT is in it. */
static inline void assert_logged(const char *text)
{
	char log[8192] = "";
	off_t size = lseek(log_fd, 0, SEEK_END);

	assert_in_range(size, 1, sizeof(log) - 1);
	assert_int_equal(file_pread_full(log_fd, log, (size_t)size, 0), 0);
	assert_int_equal(ftruncate(log_fd, 0), 0);
	lseek(log_fd, 0, SEEK_SET);
	if (!strstr(log, text) || strchr(log, '\n') != log + size - 1)
		fail_msg("expected one line with \"%s\", got \"%s\"", text, log);
}

static inline void forget_log(void)
{
	assert_int_equal(ftruncate(log_fd, 0), 0);
	lseek(log_fd, 0, SEEK_SET);
}
