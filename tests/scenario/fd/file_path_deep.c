/* SPDX-License-Identifier: MIT */
/* A file whose path has nearly the longest length there is, and the directory it is in, are kept. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char path[PATH_MAX], after[PATH_MAX], name[201], text[8] = "";
	size_t length;
	int fd, directory;

	memset(name, 'd', 200);
	name[200] = '\0';
	for (;;) {
		scenario_check(getcwd(path, sizeof(path)));
		length = strlen(path);
		if (length > PATH_MAX - 220)
			break;
		scenario_call(mkdir(name, 0755));
		scenario_call(chdir(name));
	}
	/* With the slash and the final NUL this fills it. */
	name[PATH_MAX - length - 2 > 200 ? 200 : PATH_MAX - length - 2] = '\0';
	fd = scenario_call(open(name, O_RDWR | O_CREAT, 0600));
	directory = scenario_call(open(".", O_RDONLY | O_DIRECTORY));
	scenario_check_equal(write(fd, "deep", 4), 4);
	scenario_checkpoint();
	scenario_check(getcwd(after, sizeof(after)) && strcmp(path, after) == 0);
	scenario_check_equal(pread(fd, text, 8, 0), 4);
	scenario_check(strcmp(text, "deep") == 0);
	scenario_call(faccessat(directory, name, F_OK, 0));
	scenario_pass();
}
