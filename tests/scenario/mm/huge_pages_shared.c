/* SPDX-License-Identifier: MIT */
/* Memory of huge pages that a parent and its child share: anonymous, of a memfd with seals, of a segment of
 * System V. */
/* needs: root */
/* needs: huge_pages */
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define HUGE (2UL << 20)

struct memory {
	char *anonymous, *file, *segment;
};

static _Noreturn void child(const struct memory *memory)
{
	scenario_join();
	scenario_await("looked");
	scenario_check_equal(memory->anonymous[HUGE], 'a');
	memory->anonymous[HUGE + 1] = 'A';
	memory->file[HUGE + 1] = 'F';
	memory->segment[HUGE + 1] = 'S';
	_exit(0);
}

static char *map(int fd, int flags)
{
	return scenario_call(mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0));
}

int main(void)
{
	int fd = scenario_call(
		memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB | MFD_ALLOW_SEALING));
	/* Not of whole pages. */
	int id = scenario_call(shmget(IPC_PRIVATE, 3 * HUGE - 5000, SHM_HUGETLB | 0600));
	struct memory memory = {.anonymous = map(-1, MAP_ANONYMOUS | MAP_HUGETLB)};
	struct shmid_ds facts;
	struct stat st;
	pid_t pid;

	scenario_call(ftruncate(fd, 3 * HUGE));
	memory.file = map(fd, MAP_NORESERVE);
	memory.segment = shmat(id, NULL, 0);
	scenario_check(memory.segment != (char *)-1);
	scenario_call(shmctl(id, IPC_RMID, NULL));
	scenario_call(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
	scenario_fill(memory.anonymous, 5000, 1);
	scenario_fill(memory.file + 2 * HUGE, HUGE, 2);
	scenario_fill(memory.segment, HUGE, 3);
	memory.anonymous[HUGE] = 'a';
	pid = scenario_fork();
	if (pid == 0)
		child(&memory);
	scenario_call(fstat(fd, &st));
	scenario_check_equal(st.st_blocks, HUGE / 512);
	scenario_checkpoint();
	scenario_call(fstat(fd, &st));
	scenario_check_equal(st.st_blocks, HUGE / 512);
	scenario_check_equal(st.st_size, 3 * HUGE);
	scenario_check_equal(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK);
	scenario_mark("looked");
	scenario_reap(pid, 0);
	scenario_check(scenario_is_filled(memory.anonymous, 5000, 1));
	scenario_check(scenario_is_filled(memory.file + 2 * HUGE, HUGE, 2));
	scenario_check(scenario_is_filled(memory.segment, HUGE, 3));
	scenario_check_equal(memory.anonymous[HUGE + 1], 'A');
	scenario_check_equal(memory.file[HUGE + 1], 'F');
	scenario_check_equal(memory.segment[HUGE + 1], 'S');
	scenario_call(shmctl(id, IPC_STAT, &facts));
	scenario_check_equal(facts.shm_segsz, 3 * HUGE - 5000);
	scenario_pass();
}
