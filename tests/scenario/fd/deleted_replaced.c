/* SPDX-License-Identifier: MIT */
/* Deleted directories whose names others have now: a directory, and a file that stands in the way to a
 * deleted file. */
/* no-compare */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	int here = scenario_call(open(".", O_RDONLY | O_DIRECTORY)), first, second, new;
	struct stat st, other;
	char text[8] = "";

	scenario_call(mkdir("first", 0700));
	scenario_call(mkdir("second", 0700));
	first = scenario_call(open("first/file", O_RDWR | O_CREAT, 0600));
	second = scenario_call(open("second/file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(first, "first", 5), 5);
	scenario_check_equal(write(second, "second", 6), 6);
	scenario_call(unlink("first/file"));
	scenario_call(unlink("second/file"));
	scenario_call(chdir("first"));
	scenario_call(unlinkat(here, "first", AT_REMOVEDIR));
	scenario_call(unlinkat(here, "second", AT_REMOVEDIR));
	scenario_call(mkdirat(here, "first", 0750));
	new = scenario_call(openat(here, "second", O_RDWR | O_CREAT, 0600));
	scenario_checkpoint();
	scenario_call(stat(".", &st));
	scenario_check_equal(st.st_mode, S_IFDIR | 0700);
	scenario_call(fstatat(here, "first", &other, 0));
	scenario_check_equal(other.st_mode, S_IFDIR | 0750);
	scenario_check(st.st_ino != other.st_ino);
	scenario_check_equal(pread(first, text, 8, 0), 5);
	scenario_check(memcmp(text, "first", 5) == 0);
	scenario_check_equal(pread(second, text, 8, 0), 6);
	scenario_check(memcmp(text, "second", 6) == 0);
	scenario_call(fstat(second, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_call(fstat(new, &st));
	scenario_check_equal(st.st_nlink, 1);
	scenario_check_equal(st.st_size, 0);
	scenario_call(fchdir(here));
	/* Nothing else was left behind: the directory was empty but for what stands here. */
	scenario_call(unlink("second"));
	scenario_call(rmdir("first"));
	scenario_pass();
}
