/* SPDX-License-Identifier: MIT */
/* Files of all kinds in a directory that something has been mounted over: open, mapped, worked in. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "scenario.h"

static int file, again, fifo, device, path, symbolic, directory;
static char *mapped;

static void set_up(void)
{
	scenario_call(mkdir("dir", 0755));
	file = scenario_call(open("dir/file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(file, "text", 4), 4);
	again = scenario_call(open("dir/file", O_WRONLY | O_APPEND | O_NOFOLLOW));
	mapped = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
	scenario_call(mkfifo("dir/fifo", 0600));
	fifo = scenario_call(open("dir/fifo", O_RDWR));
	scenario_check_equal(write(fifo, "fifo", 4), 4);
	scenario_call(mknod("dir/null", S_IFCHR | 0600, makedev(1, 3)));
	device = open("dir/null", O_RDWR);
	if (device < 0)
		scenario_skip("devices do not work here");
	path = scenario_call(open("dir/file", O_PATH));
	scenario_call(symlink("nowhere", "dir/link"));
	symbolic = scenario_call(open("dir/link", O_PATH | O_NOFOLLOW));
	directory = scenario_call(open("dir", O_RDONLY | O_DIRECTORY));
	scenario_call(chdir("dir"));
	if (mount("none", "../dir", "tmpfs", 0, NULL) < 0)
		scenario_skip("nothing can be mounted");
}

int main(void)
{
	char text[8] = "";
	struct stat st, other;

	set_up();
	scenario_checkpoint();
	scenario_check_equal(lseek(file, 0, SEEK_CUR), 4);
	mapped[0] = 'T';
	scenario_check_equal(write(again, "more", 4), 4);
	scenario_check_equal(pread(file, text, 8, 0), 8);
	scenario_check(memcmp(text, "Textmore", 8) == 0);
	scenario_check(fcntl(again, F_GETFL) & O_NOFOLLOW);
	scenario_check_equal(read(fifo, text, 8), 4);
	scenario_check(memcmp(text, "fifo", 4) == 0);
	scenario_check_equal(write(device, "gone", 4), 4);
	scenario_call(fstat(path, &st));
	scenario_call(fstatat(directory, "file", &other, 0));
	scenario_check_equal(st.st_ino, other.st_ino);
	scenario_check_equal(readlinkat(symbolic, "", text, sizeof(text)), 7);
	/* What is mounted there is still there, and goes away from there as before. */
	scenario_check(access("../dir/file", F_OK) < 0 && errno == ENOENT);
	scenario_call(access("file", F_OK));
	scenario_call(umount("../dir"));
	scenario_call(access("../dir/file", F_OK));
	scenario_call(chdir(".."));
	scenario_pass();
}
