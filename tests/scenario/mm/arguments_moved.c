/* SPDX-License-Identifier: MIT */
/* A program that moved its argument and environment areas with PR_SET_MM, as setproctitle does, keeps them
 * there. */
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static const char title[] = "a new title\0with two words";
static const char environment[] = "KEY=value\0OTHER=one";

static void get_numbers(struct prctl_mm_map *map)
{
	static const struct {
		int field;
		size_t offset;
	} numbers[] = {
		{26, offsetof(struct prctl_mm_map, start_code)},
		{27, offsetof(struct prctl_mm_map, end_code)},
		{28, offsetof(struct prctl_mm_map, start_stack)},
		{45, offsetof(struct prctl_mm_map, start_data)},
		{46, offsetof(struct prctl_mm_map, end_data)},
		{47, offsetof(struct prctl_mm_map, start_brk)},
	};
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long fields[64] = {0};
	char word[64];

	scenario_check(file);
	for (int i = 1; i < 64 && fscanf(file, "%63s", word) == 1; i++)
		sscanf(word, "%lu", &fields[i]);
	fclose(file);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*(__u64 *)((char *)map + numbers[i].offset) = fields[numbers[i].field];
	map->brk = (__u64)syscall(SYS_brk, 0);
}

static void check_file(const char *path, const char *expected, size_t size)
{
	char text[256];
	int fd = scenario_call(open(path, O_RDONLY | O_CLOEXEC));
	ssize_t got = scenario_call(read(fd, text, sizeof(text)));

	close(fd);
	if ((size_t)got != size || memcmp(text, expected, size) != 0)
		scenario_fail("%s holds %zd bytes: '%.*s'", path, got, (int)got, text);
}

int main(void)
{
	struct prctl_mm_map map = {.exe_fd = (__u32)-1};
	char *memory =
		scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	memcpy(memory, title, sizeof(title));
	memcpy(memory + 1000, environment, sizeof(environment));
	get_numbers(&map);
	map.arg_start = (__u64)memory;
	map.arg_end = map.arg_start + sizeof(title);
	map.env_start = (__u64)memory + 1000;
	map.env_end = map.env_start + sizeof(environment);
	scenario_call(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0));
	check_file("/proc/self/cmdline", title, sizeof(title));
	scenario_checkpoint();
	check_file("/proc/self/cmdline", title, sizeof(title));
	check_file("/proc/self/environ", environment, sizeof(environment));
	memory[0] = 'A';
	check_file("/proc/self/cmdline", memory, sizeof(title));
	scenario_pass();
}
