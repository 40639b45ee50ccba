/* SPDX-License-Identifier: MIT */
/*
 * Each mapping keeps its memory policy (mbind(2)) and those beside it none, in the process and in a child
 * that has most of its pages in common with it: private, shared, of a file; also if they are more than fit
 * into one round of questions.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096
#define MANY 500
#define FILE_NAME "/proc/self/exe"

static const int modes[] = {
	MPOL_DEFAULT, MPOL_BIND,  MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, MPOL_PREFERRED,
	MPOL_DEFAULT, MPOL_LOCAL, MPOL_BIND | MPOL_F_RELATIVE_NODES,
};
#define MODES (sizeof(modes) / sizeof(modes[0]))

static void bind(char *memory, size_t size, int mode)
{
	unsigned long nodes = 1;
	bool has_nodes = mode != MPOL_DEFAULT && mode != MPOL_LOCAL;

	if (syscall(SYS_mbind, memory, size, mode, has_nodes ? &nodes : NULL, has_nodes ? 64 : 0, 0) < 0)
		scenario_skip("mbind: %s", strerror(errno));
}

static void check(char *memory, int expected)
{
	unsigned long nodes[16] = {0};
	int mode = -1;

	scenario_call(syscall(SYS_get_mempolicy, &mode, nodes, 1025, memory, MPOL_F_ADDR));
	scenario_check_equal(mode, expected);
	scenario_check_equal(nodes[0], expected != MPOL_DEFAULT && expected != MPOL_LOCAL);
}

static char *map(int flags, int fd, size_t size)
{
	return scenario_call(mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0));
}

static char *many, *shared, *of_file, *of_shared_file;

static void make(void)
{
	int fd = scenario_call(open(FILE_NAME, O_RDONLY));

	many = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, (size_t)MANY * PAGE);
	shared = map(MAP_SHARED | MAP_ANONYMOUS, -1, 8 * PAGE);
	of_file = map(MAP_PRIVATE, fd, 8 * PAGE);
	of_shared_file = scenario_call(mmap(NULL, 8 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	scenario_call(close(fd));
	for (size_t i = 0; i < MANY; i++)
		bind(many + i * PAGE, PAGE, modes[i % MODES]);
	bind(shared, 4 * PAGE, MPOL_BIND);
	bind(of_file, 4 * PAGE, MPOL_INTERLEAVE);
	bind(of_shared_file + 4 * PAGE, 4 * PAGE, MPOL_PREFERRED);
	scenario_fill(many, (size_t)MANY * PAGE, 1);
	scenario_fill(shared, 8 * PAGE, 2);
	scenario_fill(of_file, 8 * PAGE, 3);
}

static void verify(void)
{
	for (size_t i = 0; i < MANY; i++)
		check(many + i * PAGE, modes[i % MODES]);
	check(shared, MPOL_BIND);
	check(shared + 4 * PAGE, MPOL_DEFAULT);
	check(of_file, MPOL_INTERLEAVE);
	check(of_file + 4 * PAGE, MPOL_DEFAULT);
	check(of_shared_file, MPOL_DEFAULT);
	check(of_shared_file + 4 * PAGE, MPOL_PREFERRED);
	scenario_check(scenario_is_filled(many, (size_t)MANY * PAGE, 1));
	scenario_check(scenario_is_filled(shared, 8 * PAGE, 2));
	scenario_check(scenario_is_filled(of_file, 8 * PAGE, 3));
}

int main(void)
{
	int status, ends[2];
	char byte;
	pid_t child;

	make();
	scenario_call(pipe(ends));
	child = scenario_call(fork());
	if (child == 0) {
		/* One less than its parent has, and one more. */
		bind(many + PAGE, PAGE, MPOL_DEFAULT);
		bind(many, PAGE, MPOL_BIND);
		scenario_check_equal(read(ends[0], &byte, 1), 1);
		check(many + PAGE, MPOL_DEFAULT);
		check(many, MPOL_BIND);
		bind(many + PAGE, PAGE, modes[1]);
		bind(many, PAGE, modes[0]);
		verify();
		_exit(EXIT_SUCCESS);
	}
	scenario_checkpoint();
	verify();
	scenario_check_equal(write(ends[1], "x", 1), 1);
	scenario_call(waitpid(child, &status, 0));
	scenario_check_equal(status, 0);
	scenario_pass();
}
