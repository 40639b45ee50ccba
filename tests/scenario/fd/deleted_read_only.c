/* SPDX-License-Identifier: MIT */
/* Deleted files and a deleted directory on a file system that has been mounted read-only since. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static int make(const char *path, const char *text)
{
	int fd = scenario_call(open(path, O_WRONLY | O_CREAT, 0640));

	scenario_check_equal(write(fd, text, 4), 4);
	scenario_call(close(fd));
	return scenario_call(open(path, O_RDONLY));
}

static void check(int fd, const char *text)
{
	char buffer[8] = "";
	struct stat st;

	scenario_check_equal(pread(fd, buffer, 8, 0), 4);
	scenario_check(strcmp(buffer, text) == 0);
	scenario_call(fstat(fd, &st));
	scenario_check_equal(st.st_nlink, 0);
	scenario_check_equal(st.st_mode, S_IFREG | 0640);
}

int main(void)
{
	int first, second, below, directory;
	struct stat st;

	scenario_call(mkdir("dir", 0755));
	if (mount("none", "dir", "tmpfs", 0, NULL) < 0)
		scenario_skip("nothing can be mounted");
	scenario_call(mkdir("dir/sub", 0750));
	first = make("dir/first", "1111");
	scenario_call(link("dir/first", "dir/second"));
	second = scenario_call(open("dir/second", O_RDONLY | O_NOFOLLOW));
	below = make("dir/sub/below", "3333");
	scenario_call(unlink("dir/first"));
	scenario_call(unlink("dir/second"));
	scenario_call(unlink("dir/sub/below"));
	directory = scenario_call(open("dir/sub", O_RDONLY | O_DIRECTORY));
	scenario_call(rmdir("dir/sub"));
	scenario_call(mount(NULL, "dir", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	scenario_checkpoint();
	check(first, "1111");
	check(second, "1111");
	check(below, "3333");
	scenario_call(fstat(directory, &st));
	scenario_check_equal(st.st_mode, S_IFDIR | 0750);
	scenario_check(fcntl(second, F_GETFL) & O_NOFOLLOW);
	/* The mount is as it was, also for who comes by way of the files. */
	scenario_check(open("dir/new", O_RDWR | O_CREAT, 0640) < 0 && errno == EROFS);
	scenario_check(fchmod(first, 0600) < 0 && errno == EROFS);
	scenario_call(umount2("dir", MNT_DETACH));
	scenario_pass();
}
