/* SPDX-License-Identifier: MIT */
/* A process that has unmapped its vdso has none afterwards, and the code of its program and of its libraries
 * is that of the files, to the end of the last page.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define VDSO_SIZE 0x2000
#define THREADS 3

/* Room behind the end of the code, whatever the compiler has made of it. */
__asm__(".pushsection .text_tail,\"ax\",@progbits\n"
	".balign 4096\n"
	"ret\n"
	".popsection");

static int count_code(bool *ret_has_vdso)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], path[256], page[4096];
	unsigned long start, end, offset;
	int count = 0;

	scenario_check(maps);
	*ret_has_vdso = false;
	while (fgets(line, sizeof(line), maps)) {
		*ret_has_vdso |= strstr(line, "[vdso]") != NULL;
		if (sscanf(line, "%lx-%lx r-xp %lx %*s %*s %255s", &start, &end, &offset, path) != 4 ||
		    path[0] != '/')
			continue;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		scenario_check(fd >= 0);
		for (; start < end; start += sizeof(page), offset += sizeof(page)) {
			memset(page, 0, sizeof(page));
			scenario_check(pread(fd, page, sizeof(page), (off_t)offset) > 0);
			if (memcmp((void *)start, page, sizeof(page)) != 0)
				scenario_fail("%s is changed at %#lx", path, offset);
		}
		close(fd);
		count++;
	}
	fclose(maps);
	return count;
}

static void *run(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* The C library would ask the vdso for the time, if it were asked. */
static _Noreturn void unmap_and_wait(void)
{
	const struct timespec pause = {.tv_nsec = 5 * SCENARIO_MS};
	pthread_t thread;
	bool has_vdso;
	int count;

	scenario_check(munmap((void *)getauxval(AT_SYSINFO_EHDR), VDSO_SIZE) == 0);
	for (int i = 1; i < THREADS; i++)
		scenario_check(pthread_create(&thread, NULL, run, NULL) == 0);
	count = count_code(&has_vdso);
	scenario_check(count > 0 && !has_vdso);
	scenario_mark("unmapped");
	while (faccessat(AT_FDCWD, "mark.released", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		syscall(SYS_nanosleep, &pause, NULL);
	scenario_check_equal(count_code(&has_vdso), count);
	scenario_check(!has_vdso);
	_exit(3);
}

int main(void)
{
	pid_t child = scenario_fork();

	if (child == 0)
		unmap_and_wait();
	scenario_await("unmapped");
	scenario_checkpoint();
	scenario_mark("released");
	scenario_reap(child, 3);
	scenario_pass();
}
