/* SPDX-License-Identifier: MIT */
/* The user of the login that audit knows is kept, also one that a thread has set for itself, and that of a
 * thread in another root directory. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released, is_ready;
static int other_fd;

static int open_own(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/loginuid", (int)syscall(SYS_gettid));
	return open(path, O_RDWR | O_CLOEXEC);
}

static unsigned long get(int fd)
{
	char text[32] = "";

	scenario_check(pread(fd, text, sizeof(text) - 1, 0) > 0);
	return strtoul(text, NULL, 10);
}

static void *work(void *argument)
{
	(void)argument;
	other_fd = scenario_call(open_own());
	if (get(other_fd) != UINT32_MAX || scenario_call(pwrite(other_fd, "54321", 5, 0)) != 5)
		scenario_skip("somebody has logged in already");
	atomic_store(&is_ready, true);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	return NULL;
}

int main(void)
{
	int fd = open_own();
	pthread_t thread;

	if (fd < 0)
		scenario_skip("no audit in this kernel: %s", strerror(errno));
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (!atomic_load(&is_ready))
		scenario_sleep_ms(1);
	if (get(fd) != UINT32_MAX)
		scenario_skip("somebody has logged in already");
	scenario_check_equal(pwrite(fd, "3", 1, 0), 1);
	if (geteuid() == 0) {
		scenario_call(chroot("."));
		scenario_set_directory("/");
	}
	scenario_checkpoint();
	scenario_check_equal(get(fd), 3);
	scenario_check_equal(get(other_fd), 54321);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_pass();
}
