/* SPDX-License-Identifier: MIT */
/* Files below so many directories that their paths are longer than a system call takes: open, mapped,
 * deleted, worked in. */
/* needs: root */
/* not: restore-twice */
/* no-compare */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#define DEPTH 25

int main(void)
{
	char name[201], text[8] = "", *mapped;
	int top = scenario_call(open(".", O_RDONLY | O_DIRECTORY)), file, gone, directory;
	struct stat st;

	memset(name, 'd', 200);
	name[200] = '\0';
	for (int i = 0; i < DEPTH; i++) {
		scenario_call(mkdir(name, 0755));
		scenario_call(chdir(name));
	}
	file = scenario_call(open("file", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(file, "text", 4), 4);
	mapped = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
	gone = scenario_call(open("gone", O_RDWR | O_CREAT, 0640));
	scenario_check_equal(write(gone, "gone", 4), 4);
	scenario_call(unlink("gone"));
	directory = scenario_call(open(".", O_RDONLY | O_DIRECTORY));
	/* The way back is for the scenario's own messages. */
	scenario_call(fchdir(top));
	scenario_checkpoint();
	mapped[0] = 'T';
	scenario_check_equal(pread(file, text, 8, 0), 4);
	scenario_check(memcmp(text, "Text", 4) == 0);
	scenario_check_equal(pread(gone, text, 8, 0), 4);
	scenario_check(memcmp(text, "gone", 4) == 0);
	scenario_call(faccessat(directory, "file", F_OK, 0));
	scenario_check(faccessat(directory, "gone", F_OK, 0) < 0);
	scenario_call(fchdir(directory));
	scenario_call(unlink("file"));
	scenario_call(fstat(file, &st));
	scenario_check_equal(st.st_nlink, 0);
	for (int i = 0; i < DEPTH; i++) {
		scenario_call(chdir(".."));
		scenario_call(rmdir(name));
	}
	scenario_call(stat(".", &st));
	scenario_pass();
}
