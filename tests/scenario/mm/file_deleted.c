/* SPDX-License-Identifier: MIT */
/* Mappings, private and shared, of deleted files: one that is open as well, and one that is only mapped. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL
#define SIZE (32 * PAGE)

static int make(const char *name, uint64_t seed)
{
	int fd = scenario_call(open(name, O_RDWR | O_CREAT, 0600));
	static char contents[SIZE];

	scenario_fill(contents, SIZE, seed);
	scenario_check_equal(write(fd, contents, SIZE), SIZE);
	return fd;
}

static char *map(int fd, int protection, int flags)
{
	return scenario_call(mmap(NULL, SIZE, protection, flags, fd, 0));
}

int main(void)
{
	int fd = make("open", 1), lone = make("lone", 2);
	char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *private = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char *lone_private = map(lone, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	char *lone_shared = map(lone, PROT_READ | PROT_WRITE, MAP_SHARED);
	char text[4] = "";

	private[PAGE] = 'p';
	shared[2 * PAGE] = 's';
	scenario_call(unlink("open"));
	scenario_call(unlink("lone"));
	scenario_call(close(lone));
	scenario_checkpoint();
	scenario_check_equal(private[PAGE], 'p');
	scenario_check_equal(private[2 * PAGE], 's');
	scenario_check(scenario_is_filled(shared, 2 * PAGE, 1));
	scenario_check(scenario_is_filled(lone_private, SIZE, 2));
	memcpy(shared + PAGE, "abc", 3);
	scenario_check_equal(pread(fd, text, 3, PAGE), 3);
	scenario_check(strcmp(text, "abc") == 0);
	lone_shared[PAGE] = 'l';
	scenario_check_equal(lone_private[PAGE], 'l');
	scenario_pass();
}
