/* SPDX-License-Identifier: MIT */
/* A program that has all tasks that its group may have, and the memory of which is charged to its group. */
/* needs: cap_sys_admin */
#include <stdlib.h>
#include <sys/mman.h>

#include "groups.h"

#define SIZE ((size_t)16 << 20)

static long usage(const char *group)
{
	char text[64];

	groups_read("memory", group, "memory.usage_in_bytes", text, sizeof(text));
	return atol(text);
}

int main(void)
{
	char group[64], text[64];
	unsigned char *memory;
	pid_t children[3];

	groups_name(group, sizeof(group));
	groups_make("pids", group);
	groups_make("memory", group);
	scenario_call(groups_write("pids", group, "pids.max", "4"));
	scenario_call(groups_write("memory", group, "memory.limit_in_bytes", "100M"));
	groups_join("pids", group);
	groups_join("memory", group);
	memory = scenario_call(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	scenario_fill(memory, SIZE, 1);
	for (int i = 0; i < 3; i++) {
		children[i] = scenario_fork();
		if (children[i] == 0) {
			scenario_mark("child %d", i);
			scenario_join();
			_exit(i);
		}
		scenario_await("child %d", i);
	}
	scenario_check(fork() < 0 && errno == EAGAIN);
	scenario_checkpoint();
	groups_check("pids", group);
	groups_check("memory", group);
	scenario_check(scenario_is_filled(memory, SIZE, 1));
	scenario_check(usage(group) >= (long)SIZE);
	for (int i = 0; i < 3; i++)
		scenario_reap(children[i], i);
	groups_read("pids", group, "pids.max", text, sizeof(text));
	scenario_check(strcmp(text, "4") == 0);
	groups_read("memory", group, "memory.limit_in_bytes", text, sizeof(text));
	scenario_check_equal(atol(text), 100 << 20);
	groups_join("pids", ".");
	groups_join("memory", ".");
	groups_remove("pids", group);
	groups_remove("memory", group);
	scenario_pass();
}
