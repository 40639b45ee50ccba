/* SPDX-License-Identifier: MIT */
/* Deleted directories, one in the other, that are open and worked in, and a deleted file in them. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int here = scenario_call(open(".", O_RDONLY | O_DIRECTORY)), outer, inner, file, other;
	struct stat first, second;
	char text[2] = "";

	scenario_call(mkdir("outer", 0711));
	scenario_call(mkdir("outer/inner", 0755));
	outer = scenario_call(open("outer", O_RDONLY | O_DIRECTORY));
	file = scenario_call(open("outer/inner/file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(pwrite(file, "x", 1, 0), 1);
	scenario_call(unlink("outer/inner/file"));
	inner = scenario_call(open("outer/inner", O_PATH));
	scenario_call(chdir("outer/inner"));
	scenario_call(rmdir("../inner"));
	scenario_call(unlinkat(here, "outer", AT_REMOVEDIR));
	scenario_checkpoint();
	scenario_call(fstat(inner, &first));
	scenario_check_equal(first.st_mode, S_IFDIR | 0755);
	scenario_call(stat(".", &second));
	scenario_check_equal(first.st_ino, second.st_ino);
	scenario_check(open("new", O_RDWR | O_CREAT, 0600) < 0 && errno == ENOENT);
	/* What was above it still is. */
	other = scenario_call(open("..", O_RDONLY | O_DIRECTORY));
	scenario_call(fstat(other, &first));
	scenario_call(fstat(outer, &second));
	scenario_check_equal(first.st_ino, second.st_ino);
	scenario_check_equal(first.st_mode, S_IFDIR | 0711);
	scenario_check_equal(pread(file, text, 2, 0), 1);
	scenario_check(faccessat(here, "outer", F_OK, 0) < 0 && errno == ENOENT);
	scenario_call(fchdir(here));
	scenario_pass();
}
