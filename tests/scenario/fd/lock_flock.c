/* SPDX-License-Identifier: MIT */
/* flock(2) locks, exclusive and shared, of files and a directory, are held by their open files and no others.
 */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "scenario.h"

static bool can_lock(const char *name, int operation)
{
	int fd = scenario_call(open(name, O_RDONLY));
	bool is_taken = flock(fd, operation | LOCK_NB) == 0;

	if (!is_taken && errno != EWOULDBLOCK)
		scenario_fail("%s: %s", name, strerror(errno));
	close(fd);
	return is_taken;
}

int main(void)
{
	int exclusive = scenario_call(open("exclusive", O_RDONLY | O_CREAT, 0600)), copy;
	int shared[2], directory;

	shared[0] = scenario_call(open("shared", O_RDWR | O_CREAT, 0600));
	shared[1] = scenario_call(open("shared", O_RDWR));
	directory = scenario_call(open(".", O_RDONLY | O_DIRECTORY));
	scenario_call(flock(exclusive, LOCK_EX));
	scenario_call(flock(shared[0], LOCK_SH));
	scenario_call(flock(shared[1], LOCK_SH));
	scenario_call(flock(directory, LOCK_EX));
	copy = scenario_call(dup(exclusive));
	scenario_call(close(exclusive));
	scenario_checkpoint();
	scenario_check(!can_lock("exclusive", LOCK_SH));
	scenario_check(can_lock("shared", LOCK_SH));
	scenario_check(!can_lock("shared", LOCK_EX));
	scenario_check(!can_lock(".", LOCK_SH));
	scenario_call(flock(shared[1], LOCK_UN));
	scenario_check(!can_lock("shared", LOCK_EX));
	scenario_call(close(shared[0]));
	scenario_check(can_lock("shared", LOCK_EX));
	scenario_call(flock(copy, LOCK_SH | LOCK_NB));
	scenario_check(can_lock("exclusive", LOCK_SH));
	scenario_call(close(copy));
	scenario_check(can_lock("exclusive", LOCK_EX));
	scenario_pass();
}
