/* SPDX-License-Identifier: MIT */
/* A deleted file that is open keeps its contents, and is still without a name and one file for all who have
 * it open. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "scenario.h"

#define SIZE 100000

static char contents[SIZE];

int main(void)
{
	int first = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	int second = scenario_call(open("file", O_RDONLY));
	int third = scenario_call(open("file", O_WRONLY | O_APPEND));
	const struct timespec times[] = {{.tv_sec = 1000, .tv_nsec = 1},
					 {.tv_sec = -5, .tv_nsec = 999999999}};
	bool has_attribute = fsetxattr(first, "user.color", "green", 5, 0) == 0;
	struct stat before, after, other;
	char color[8] = "";

	scenario_fill(contents, SIZE, 1);
	scenario_check_equal(write(first, contents, SIZE), SIZE);
	scenario_call(fchmod(first, 0641));
	scenario_call(unlink("file"));
	scenario_call(lseek(first, 70000, SEEK_SET));
	scenario_call(lseek(second, 5, SEEK_SET));
	scenario_call(futimens(first, times));
	scenario_call(fstat(first, &before));
	scenario_checkpoint();
	scenario_call(fstat(first, &after));
	scenario_check_equal(after.st_nlink, 0);
	scenario_check_equal(after.st_mode, before.st_mode);
	scenario_check_equal(after.st_uid, before.st_uid);
	scenario_check_equal(after.st_size, SIZE);
	scenario_check_equal(after.st_atim.tv_sec, 1000);
	scenario_check_equal(after.st_atim.tv_nsec, 1);
	scenario_check_equal(after.st_mtim.tv_sec, -5);
	scenario_check_equal(after.st_mtim.tv_nsec, 999999999);
	scenario_check(access("file", F_OK) < 0 && errno == ENOENT);
	if (has_attribute)
		scenario_check(fgetxattr(first, "user.color", color, sizeof(color)) == 5 &&
			       strcmp(color, "green") == 0);
	scenario_check_equal(lseek(first, 0, SEEK_CUR), 70000);
	scenario_check_equal(lseek(second, 0, SEEK_CUR), 5);
	memset(contents, 0, SIZE);
	scenario_check_equal(pread(second, contents, SIZE, 0), SIZE);
	scenario_check(scenario_is_filled(contents, SIZE, 1));
	/* Still one file. */
	scenario_call(fstat(third, &other));
	scenario_check_equal(other.st_ino, after.st_ino);
	scenario_check_equal(write(third, "end", 3), 3);
	scenario_check_equal(pread(second, color, 8, SIZE), 3);
	scenario_check(memcmp(color, "end", 3) == 0);
	scenario_check(pwrite(second, "x", 1, 0) < 0 && errno == EBADF);
	scenario_pass();
}
