/* SPDX-License-Identifier: MIT */
/* A thousand descriptors, of a hundred files and some duplicates, keep number, file, offset and sharing. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scenario.h"

#define COUNT 1000
#define FILES 100

static bool is_copy(int number)
{
	return number >= FILES && number % 3 == 0;
}

int main(void)
{
	static int fds[COUNT];
	struct rlimit limit = {COUNT + 50, COUNT + 50};
	char name[32], text[16], expected[16];

	scenario_call(setrlimit(RLIMIT_NOFILE, &limit));
	for (int i = 0; i < COUNT; i++) {
		sprintf(name, "file %d", i % FILES);
		if (is_copy(i)) {
			fds[i] = scenario_call(dup(fds[i % FILES]));
			continue;
		}
		fds[i] = scenario_call(open(name, O_RDWR | O_CREAT | (i % 2 ? O_CLOEXEC : 0), 0600));
		if (i < FILES)
			scenario_check(dprintf(fds[i], "%015d", i) == 15);
		scenario_call(lseek(fds[i], i, SEEK_SET));
	}
	scenario_checkpoint();
	for (int i = 0; i < COUNT; i++) {
		scenario_check_equal(lseek(fds[i], 0, SEEK_CUR), is_copy(i) ? i % FILES : i);
		scenario_check_equal(fcntl(fds[i], F_GETFD), !is_copy(i) && i % 2 ? FD_CLOEXEC : 0);
		scenario_check_equal(pread(fds[i], text, 15, 0), 15);
		sprintf(expected, "%015d", i % FILES);
		scenario_check(memcmp(text, expected, 15) == 0);
	}
	for (int i = FILES; i < COUNT; i++) {
		scenario_call(lseek(fds[i], 5000 + i, SEEK_SET));
		if (is_copy(i))
			scenario_check_equal(lseek(fds[i % FILES], 0, SEEK_CUR), 5000 + i);
	}
	scenario_pass();
}
