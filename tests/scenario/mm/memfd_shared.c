/* SPDX-License-Identifier: MIT */
/* Memory that a parent and its child share by a memfd, and by a deleted file, is still shared; so are the
 * descriptors. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define SIZE (1UL << 20)

struct shared {
	_Atomic int request, answer;
	char text[SIZE - 8];
};

static struct shared *map(int fd)
{
	scenario_call(ftruncate(fd, SIZE));
	return scenario_call(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
}

static void answer(struct shared *memory, struct shared *file, int fd)
{
	const struct timespec pause_time = {.tv_nsec = 1000000};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	file->text[SIZE / 2] = 'c';
	memory->answer = -1;
	while (memory->request == 0)
		nanosleep(&pause_time, NULL);
	file->text[5] = memory->text[7];
	if (write(fd, "child", 5) == 5)
		memory->answer = memory->request;
	_exit(0);
}

int main(void)
{
	int memory_fd = scenario_call(memfd_create("shared", MFD_CLOEXEC)), status;
	int file_fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	struct shared *memory = map(memory_fd), *file = map(file_fd);
	char text[8] = "";
	pid_t pid;

	scenario_call(unlink("file"));
	scenario_call(close(memory_fd));
	scenario_fill(memory->text, 100, 1);
	pid = scenario_call(fork());
	if (pid == 0)
		answer(memory, file, file_fd);
	while (memory->answer != -1)
		scenario_sleep_ms(1);
	scenario_call(lseek(file_fd, 1000, SEEK_SET));
	scenario_checkpoint();
	scenario_check(scenario_is_filled(memory->text, 100, 1));
	scenario_check_equal(file->text[SIZE / 2], 'c');
	memory->text[7] = 'p';
	memory->request = 17;
	scenario_check_equal(waitpid(pid, &status, 0), pid);
	scenario_check_equal(memory->answer, 17);
	scenario_check_equal(file->text[5], 'p');
	scenario_check_equal(lseek(file_fd, 0, SEEK_CUR), 1005);
	scenario_check_equal(pread(file_fd, text, 5, 1000), 5);
	scenario_check(strcmp(text, "child") == 0);
	scenario_pass();
}
