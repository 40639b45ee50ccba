/* SPDX-License-Identifier: MIT */
/*
 * Shared anonymous memory stays one piece for parent and child, whichever part of it each has mapped, with
 * what no one has mapped any more, and its holes.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096
#define SIZE ((size_t)64 * PAGE)

struct shared {
	volatile int turn;
	volatile int is_ready;
};

static void *map(size_t size)
{
	return scenario_call(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* Sees what the parent writes after the restore, in a part that only it has mapped. */
static _Noreturn void child(struct shared *shared, char *memory)
{
	munmap(memory, SIZE / 2);
	shared->is_ready = 1;
	while (shared->turn == 0)
		scenario_sleep_ms(1);
	_exit(memory[SIZE - 1] == 'p' && memory[SIZE / 2] == 'm' ? 7 : 1);
}

int main(void)
{
	struct shared *shared = map(PAGE);
	char *memory = map(SIZE), *read_only = map(PAGE), *other;
	int status;
	pid_t pid;

	scenario_fill(memory, PAGE, 1);
	memory[SIZE / 2] = 'm';
	memory[SIZE / 2 - PAGE] = 'h';
	read_only[5] = 'r';
	scenario_call(mprotect(read_only, PAGE, PROT_READ));
	pid = scenario_call(fork());
	if (pid == 0)
		child(shared, memory);
	/* The second half of it twice, the last page once more in another place. */
	other = scenario_call(mremap(memory + SIZE - PAGE, 0, PAGE, MREMAP_MAYMOVE));
	while (!shared->is_ready)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check(scenario_is_filled(memory, PAGE, 1));
	scenario_check_equal(memory[SIZE / 2 - PAGE], 'h');
	scenario_check_equal(memory[PAGE], 0);
	scenario_check_equal(read_only[5], 'r');
	*other = 'p';
	scenario_check_equal(memory[SIZE - 1 - (PAGE - 1)], 'p');
	memory[SIZE - 1] = 'p';
	shared->turn = 1;
	scenario_check_equal(waitpid(pid, &status, 0), pid);
	scenario_check(WIFEXITED(status));
	scenario_check_equal(WEXITSTATUS(status), 7);
	scenario_pass();
}
