/* SPDX-License-Identifier: MIT */
/* Each thread keeps its memory policy (set_mempolicy(2)). */
#include <linux/mempolicy.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static const int modes[] = {
	MPOL_INTERLEAVE | MPOL_F_STATIC_NODES,  MPOL_DEFAULT, MPOL_BIND, MPOL_LOCAL,
	MPOL_PREFERRED | MPOL_F_RELATIVE_NODES,
};
#define COUNT (sizeof(modes) / sizeof(modes[0]))

static atomic_bool released;
static atomic_uint ready;

static bool has_nodes(int mode)
{
	return mode != MPOL_DEFAULT && mode != MPOL_LOCAL;
}

static void choose(int mode)
{
	unsigned long nodes = 1;

	if (syscall(SYS_set_mempolicy, mode, has_nodes(mode) ? &nodes : NULL, has_nodes(mode) ? 64 : 0) < 0)
		scenario_skip("set_mempolicy: %s", strerror(errno));
}

static void check(int expected)
{
	unsigned long nodes[16] = {0};
	int mode = -1;

	scenario_call(syscall(SYS_get_mempolicy, &mode, nodes, 1025, NULL, 0));
	scenario_check_equal(mode, expected);
	scenario_check_equal(nodes[0], has_nodes(expected));
}

static void *work(void *argument)
{
	const int *mode = argument;

	choose(*mode);
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	check(*mode);
	return NULL;
}

int main(void)
{
	pthread_t threads[COUNT];

	for (size_t i = 1; i < COUNT; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)&modes[i]) == 0);
	while (atomic_load(&ready) < COUNT - 1)
		scenario_sleep_ms(1);
	choose(modes[0]);
	scenario_checkpoint();
	atomic_store(&released, true);
	check(modes[0]);
	for (size_t i = 1; i < COUNT; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	scenario_pass();
}
