/* SPDX-License-Identifier: MIT */
/* A file whose only name is deleted, but that is mounted on another still: open and mapped under both, it
 * stays one. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
/* no-compare */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int deleted, mounted;
	char text[8] = "", *mapped;
	struct stat st;

	deleted = scenario_call(open("source", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(deleted, "data", 4), 4);
	mapped = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, deleted, 0));
	close(scenario_call(open("target", O_RDWR | O_CREAT, 0600)));
	if (mount("source", "target", NULL, MS_BIND, NULL) < 0)
		scenario_skip("nothing can be mounted");
	mounted = scenario_call(open("target", O_RDWR));
	scenario_call(unlink("source"));
	scenario_checkpoint();
	mapped[0] = 'D';
	scenario_check_equal(pwrite(deleted, "A", 1, 1), 1);
	scenario_check_equal(pwrite(mounted, "T", 1, 2), 1);
	scenario_check_equal(pread(deleted, text, 8, 0), 4);
	scenario_check(memcmp(text, "DATa", 4) == 0);
	scenario_check_equal(pread(mounted, text, 8, 0), 4);
	scenario_check(memcmp(text, "DATa", 4) == 0);
	scenario_call(fstat(deleted, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(st.st_mode, S_IFREG | 0640);
	scenario_check(access("source", F_OK) < 0);
	close(mounted);
	close(deleted);
	munmap(mapped, 4096);
	scenario_call(umount("target"));
	scenario_call(unlink("target"));
	scenario_pass();
}
