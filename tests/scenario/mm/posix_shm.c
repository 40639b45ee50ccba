/* SPDX-License-Identifier: MIT */
/* POSIX shared memory: that which has a name is mapped again from its name, that which has none is carried
 * along. */
/* not: restore-twice */
/* needs: /dev/shm */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define SIZE (16 * 4096UL)

static char *make(const char *name, int *ret_fd)
{
	*ret_fd = scenario_call(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	scenario_call(ftruncate(*ret_fd, SIZE));
	return scenario_call(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0));
}

int main(void)
{
	char named_name[64], gone_name[80], *named, *gone, *again;
	int named_fd, gone_fd;
	struct stat st;

	snprintf(named_name, sizeof(named_name), "/cr-scenario-named-%d-%lld", getpid(),
		 (long long)scenario_now_ns(CLOCK_REALTIME));
	snprintf(gone_name, sizeof(gone_name), "%s-gone", named_name);
	named = make(named_name, &named_fd);
	gone = make(gone_name, &gone_fd);
	scenario_call(shm_unlink(gone_name));
	scenario_fill(named, SIZE, 1);
	scenario_fill(gone, SIZE, 2);
	scenario_call(close(gone_fd));
	scenario_checkpoint();
	again = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, named_fd, 0);
	scenario_call(shm_unlink(named_name));
	scenario_check(again != MAP_FAILED);
	scenario_check(scenario_is_filled(named, SIZE, 1) && scenario_is_filled(gone, SIZE, 2));
	named[4096] = 'x';
	scenario_check_equal(again[4096], 'x');
	scenario_call(fstat(named_fd, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check(shm_open(gone_name, O_RDWR, 0) < 0 && errno == ENOENT);
	scenario_pass();
}
