/* SPDX-License-Identifier: MIT */
/* The main thread has exited, the others live: it stays a zombie, they go on, and share descriptors and
 * memory. */
/* no-compare */
/* There is no /proc/PID/maps and the like of a process whose main thread has exited. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "scenario.h"

static atomic_int count;
static int file;

static void *count_up(void *unused)
{
	for (;;) {
		atomic_fetch_add(&count, 1);
		scenario_sleep_ms(1);
	}
	return unused;
}

static char leader_state(void)
{
	char path[64], text[256] = "", *end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), getpid());
	fd = scenario_call(open(path, O_RDONLY | O_CLOEXEC));
	scenario_check(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static void *verify(void *unused)
{
	char name[16] = "";
	int before;

	while (leader_state() != 'Z')
		scenario_sleep_ms(1);
	scenario_checkpoint();
	/* It exits as the first thing it does. */
	for (int i = 0; i < 2000 && leader_state() != 'Z'; i++)
		scenario_sleep_ms(1);
	scenario_check(leader_state() == 'Z');
	before = atomic_load(&count);
	while (atomic_load(&count) == before)
		scenario_sleep_ms(1);
	scenario_check(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
	scenario_check(strcmp(name, "verifier") == 0);
	scenario_check_equal(lseek(file, 0, SEEK_CUR), 3);
	scenario_pass();
	return unused;
}

int main(void)
{
	pthread_t counter, verifier;

	file = scenario_call(open("data", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(file, "abc", 3), 3);
	scenario_check(pthread_create(&counter, NULL, count_up, NULL) == 0);
	scenario_check(pthread_create(&verifier, NULL, verify, NULL) == 0);
	scenario_check(pthread_setname_np(verifier, "verifier") == 0);
	pthread_exit(NULL);
}
