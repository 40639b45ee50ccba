/* SPDX-License-Identifier: MIT */
/* Files on an overlay: of the lower layer, copied up since, written to, deleted in either; and a directory of
 * both. */
/* needs: root cap_sys_admin */
/* not: restore-twice */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static void make(const char *path, const char *text)
{
	int fd = scenario_call(open(path, O_RDWR | O_CREAT, 0644));

	scenario_check_equal(write(fd, text, strlen(text)), strlen(text));
	scenario_call(close(fd));
}

static void check(int fd, const char *text)
{
	char buffer[16] = "";

	scenario_check_equal(pread(fd, buffer, sizeof(buffer) - 1, 0), strlen(text));
	scenario_check(strcmp(buffer, text) == 0);
}

static void mount_overlay(void)
{
	static const char *const names[] = {"low/a", "low/b", "low/c", "low/d", "low/sub/x"};

	scenario_call(mkdir("top", 0755));
	scenario_call(mkdir("low", 0755));
	scenario_call(mkdir("low/sub", 0755));
	scenario_call(mkdir("all", 0755));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make(names[i], "lower");
	if (mount("none", "top", "tmpfs", 0, NULL) < 0)
		scenario_skip("nothing can be mounted");
	scenario_call(mkdir("top/up", 0755));
	scenario_call(mkdir("top/work", 0755));
	if (mount("overlay", "all", "overlay", 0, "lowerdir=low,upperdir=top/up,workdir=top/work") < 0)
		scenario_skip("there is no overlay");
}

int main(void)
{
	int lower, above, both, lower_gone, upper_gone, copied_gone, directory;
	char *private, *shared;
	struct stat st, other;

	mount_overlay();
	lower = scenario_call(open("all/a", O_RDONLY));
	private = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, lower, 0));
	both = scenario_call(open("all/b", O_RDONLY));
	above = scenario_call(open("all/b", O_RDWR));
	shared = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, above, 0));
	scenario_check_equal(pwrite(above, "U", 1, 0), 1);
	lower_gone = scenario_call(open("all/c", O_RDONLY));
	scenario_call(unlink("all/c"));
	copied_gone = scenario_call(open("all/d", O_RDWR));
	scenario_check_equal(write(copied_gone, "U", 1), 1);
	scenario_call(unlink("all/d"));
	upper_gone = scenario_call(open("all/new", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(upper_gone, "upper", 5), 5);
	scenario_call(unlink("all/new"));
	directory = scenario_call(open("all/sub", O_RDONLY | O_DIRECTORY));
	make("all/sub/y", "upper");
	scenario_call(chdir("all/sub"));
	scenario_checkpoint();
	check(lower, "lower");
	scenario_check(memcmp(private, "lower", 5) == 0);
	check(above, "Uower");
	check(both, "Uower");
	shared[1] = 'U';
	check(above, "UUwer");
	check(lower_gone, "lower");
	check(copied_gone, "Uower");
	check(upper_gone, "upper");
	scenario_call(faccessat(directory, "x", F_OK, 0));
	scenario_call(fstat(directory, &st));
	scenario_call(stat(".", &other));
	scenario_check_equal(st.st_ino, other.st_ino);
	scenario_call(access("y", F_OK));
	scenario_check(access("../c", F_OK) < 0 && errno == ENOENT);
	scenario_pass();
}
