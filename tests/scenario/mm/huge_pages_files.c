/* SPDX-License-Identifier: MIT */
/* Files on a hugetlbfs: one with a name, mapped shared and privately, one that was deleted, and one that
 * never had a name. */
/* needs: root */
/* needs: huge_pages */
/* not: restore-twice */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define HUGE (2UL << 20)

static char *map(int fd, int flags)
{
	return scenario_call(mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, flags, fd, 0));
}

static int make(const char *path, int flags)
{
	int fd = scenario_call(open(path, O_RDWR | flags, 0600));

	scenario_call(ftruncate(fd, 2 * HUGE));
	return fd;
}

int main(void)
{
	int named, deleted, nameless;
	char *shared, *private, *gone, *never;
	struct stat st;

	scenario_call(mkdir("huge", 0700));
	if (mount("none", "huge", "hugetlbfs", 0, "pagesize=2M") < 0)
		scenario_skip("a hugetlbfs cannot be mounted: %s", strerror(errno));
	named = make("huge/named", O_CREAT);
	deleted = make("huge/deleted", O_CREAT);
	nameless = make("huge", O_TMPFILE);
	scenario_call(unlink("huge/deleted"));
	shared = map(named, MAP_SHARED);
	private = map(named, MAP_PRIVATE);
	gone = map(deleted, MAP_SHARED);
	never = map(nameless, MAP_SHARED);
	scenario_fill(shared, HUGE, 1);
	scenario_check(scenario_is_filled(private, HUGE, 1));
	scenario_fill(private + HUGE, HUGE, 2);
	scenario_fill(gone + HUGE, HUGE, 3);
	scenario_fill(never, HUGE, 4);
	scenario_checkpoint();
	scenario_check(scenario_is_filled(shared, HUGE, 1));
	scenario_check(scenario_is_filled(private, HUGE, 1));
	scenario_check(scenario_is_filled(private + HUGE, HUGE, 2));
	scenario_check_equal(shared[HUGE], 0);
	shared[0]++;
	scenario_check_equal(private[0], shared[0]);
	scenario_check(scenario_is_filled(gone + HUGE, HUGE, 3));
	scenario_check(scenario_is_filled(never, HUGE, 4));
	scenario_call(fstat(deleted, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(st.st_blocks, HUGE / 512);
	scenario_call(munmap(gone, 2 * HUGE));
	gone = map(deleted, MAP_PRIVATE);
	scenario_check(scenario_is_filled(gone + HUGE, HUGE, 3));
	scenario_call(umount2("huge", MNT_DETACH));
	scenario_pass();
}
