/* SPDX-License-Identifier: MIT */
/* A file whose name was deleted, while another, in the same directory or a neighbouring one, still leads to
 * it. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static void check(int fd, const char *name, const char *former)
{
	struct stat st, named;
	char text[4] = "";

	scenario_call(fstat(fd, &st));
	scenario_call(stat(name, &named));
	scenario_check_equal(st.st_ino, named.st_ino);
	scenario_check_equal(st.st_nlink, 1);
	scenario_check(access(former, F_OK) < 0 && errno == ENOENT);
	scenario_check_equal(write(fd, "new", 3), 3);
	fd = scenario_call(open(name, O_RDONLY));
	scenario_check_equal(read(fd, text, 3), 3);
	scenario_check(strcmp(text, "new") == 0);
}

int main(void)
{
	int near = scenario_call(open("former", O_RDWR | O_CREAT, 0600)), far;

	scenario_call(mkdir("new", 0700));
	scenario_call(mkdir("tmp", 0700));
	scenario_call(link("former", "latter"));
	scenario_call(unlink("former"));
	far = scenario_call(open("tmp/mail", O_RDWR | O_CREAT, 0600));
	scenario_call(link("tmp/mail", "new/letter"));
	scenario_call(unlink("tmp/mail"));
	scenario_checkpoint();
	check(near, "latter", "former");
	check(far, "new/letter", "tmp/mail");
	scenario_pass();
}
