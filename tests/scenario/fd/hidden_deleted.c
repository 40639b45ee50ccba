/* SPDX-License-Identifier: MIT */
/* Deleted files in a directory that something has been mounted over: of one a name is left there. */
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
	int gone, linked, nameless;
	char text[8] = "", *mapped;
	struct stat st;

	scenario_call(mkdir("dir", 0755));
	gone = scenario_call(open("dir/gone", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(gone, "gone", 4), 4);
	mapped = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, gone, 0));
	scenario_call(unlink("dir/gone"));
	linked = scenario_call(open("dir/linked", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(linked, "link", 4), 4);
	scenario_call(link("dir/linked", "dir/other"));
	scenario_call(unlink("dir/linked"));
	nameless = scenario_call(open("dir", O_RDWR | O_TMPFILE, 0600));
	scenario_check_equal(write(nameless, "none", 4), 4);
	if (mount("none", "dir", "tmpfs", 0, NULL) < 0)
		scenario_skip("nothing can be mounted");
	scenario_checkpoint();
	mapped[0] = 'G';
	scenario_check_equal(pread(gone, text, 8, 0), 4);
	scenario_check(memcmp(text, "Gone", 4) == 0);
	scenario_call(fstat(gone, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(st.st_mode, S_IFREG | 0640);
	scenario_check_equal(pread(nameless, text, 8, 0), 4);
	scenario_check(memcmp(text, "none", 4) == 0);
	scenario_check_equal(pwrite(linked, "L", 1, 0), 1);
	scenario_call(umount("dir"));
	scenario_call(linkat(AT_FDCWD, "dir/other", AT_FDCWD, "dir/third", 0));
	scenario_call(fstat(linked, &st));
	scenario_check_equal(st.st_nlink, 2);
	linked = scenario_call(open("dir/other", O_RDONLY));
	scenario_check_equal(read(linked, text, 8), 4);
	scenario_check(memcmp(text, "Link", 4) == 0);
	scenario_check(access("dir/gone", F_OK) < 0 && access("dir/linked", F_OK) < 0);
	scenario_call(unlink("dir/third"));
	scenario_call(unlink("dir/other"));
	scenario_call(rmdir("dir"));
	scenario_pass();
}
