/* SPDX-License-Identifier: MIT */
/* A process that has moved its vdso, with what belongs to it, has it in the new place; the auxiliary vector
 * tells the old one, where nothing is. It keeps to system calls: the C library would look for the vdso there.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

struct span {
	char *start, *end;
};

/* From the first of [vvar], [vvar_vclock] and [vdso], which lie side by side, to the end of the last. */
static struct span find_all(char **ret_vdso, struct span spans[4], size_t *ret_count)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	struct span all = {NULL, NULL};
	char line[512];

	scenario_check(maps);
	*ret_count = 0;
	while (fgets(line, sizeof(line), maps)) {
		struct span span;

		if (!strstr(line, "[vdso]") && !strstr(line, "[vvar"))
			continue;
		scenario_check(sscanf(line, "%p-%p", (void **)&span.start, (void **)&span.end) == 2);
		scenario_check(*ret_count < 4);
		spans[(*ret_count)++] = span;
		if (strstr(line, "[vdso]"))
			*ret_vdso = span.start;
		all.start = all.start ?: span.start;
		all.end = span.end;
	}
	fclose(maps);
	return all;
}

static _Noreturn void move_and_wait(void)
{
	const struct timespec pause = {.tv_nsec = 5 * SCENARIO_MS};
	struct span spans[4], all, found;
	char *vdso = NULL, *moved = NULL, *to;
	size_t count;

	all = find_all(&vdso, spans, &count);
	scenario_check(vdso && vdso == (char *)getauxval(AT_SYSINFO_EHDR));
	to = mmap(NULL, (size_t)(all.end - all.start), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	scenario_check(to != MAP_FAILED);
	for (size_t i = 0; i < count; i++) {
		size_t size = (size_t)(spans[i].end - spans[i].start);

		scenario_check(mremap(spans[i].start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
				      to + (spans[i].start - all.start)) != MAP_FAILED);
	}
	scenario_mark("moved");
	while (faccessat(AT_FDCWD, "mark.released", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		syscall(SYS_nanosleep, &pause, NULL);
	found = find_all(&moved, spans, &count);
	scenario_check(found.start == to && moved == vdso + (to - all.start));
	scenario_check(memcmp(moved, ELFMAG, SELFMAG) == 0);
	_exit(3);
}

int main(void)
{
	pid_t child = scenario_fork();

	if (child == 0)
		move_and_wait();
	scenario_await("moved");
	scenario_checkpoint();
	scenario_mark("released");
	scenario_reap(child, 3);
	scenario_pass();
}
