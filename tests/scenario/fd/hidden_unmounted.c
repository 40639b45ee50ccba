/* SPDX-License-Identifier: MIT */
/* Files that were opened by way of a mount which is gone from the file tree, where another of it is left. */
/* needs: root cap_sys_admin */
/* no-compare */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int file, gone, directory;
	char text[8] = "", *mapped;

	scenario_call(mkdir("dir", 0755));
	scenario_call(mkdir("mnt", 0755));
	if (mount("dir", "mnt", NULL, MS_BIND, NULL) < 0)
		scenario_skip("nothing can be mounted");
	file = scenario_call(open("mnt/file", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(file, "text", 4), 4);
	mapped = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
	gone = scenario_call(open("mnt/gone", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(gone, "gone", 4), 4);
	scenario_call(unlink("mnt/gone"));
	directory = scenario_call(open("mnt", O_RDONLY | O_DIRECTORY));
	scenario_call(umount2("mnt", MNT_DETACH));
	scenario_checkpoint();
	mapped[0] = 'T';
	scenario_check_equal(pread(file, text, 8, 0), 4);
	scenario_check(memcmp(text, "Text", 4) == 0);
	scenario_check_equal(pread(gone, text, 8, 0), 4);
	scenario_check(memcmp(text, "gone", 4) == 0);
	scenario_call(faccessat(directory, "file", F_OK, 0));
	scenario_call(access("dir/file", F_OK));
	scenario_pass();
}
