/* SPDX-License-Identifier: MIT */
/* A program that watches the files it has mapped and open, for all events, can be dumped: looking at it makes
 * none. */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static char buffer[65536];

int main(void)
{
	int inotify, program, file;
	char *memory;

	scenario_call(mkdir("directory", 0755));
	program = scenario_call(open("directory/program", O_RDWR | O_CREAT, 0755));
	scenario_copy_program(program);
	memory = scenario_call(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, program, 0));
	close(program);
	file = scenario_call(open("directory/file", O_RDWR | O_CREAT, 0644));
	scenario_call(chdir("directory"));
	inotify = scenario_call(inotify_init1(IN_NONBLOCK));
	scenario_call(inotify_add_watch(inotify, ".", IN_ALL_EVENTS));
	scenario_call(inotify_add_watch(inotify, "program", IN_ALL_EVENTS));
	scenario_check(memory[1] == 'E');
	scenario_check(read(inotify, buffer, sizeof(buffer)) == -1 && errno == EAGAIN);
	scenario_checkpoint();
	/* One that is left running is told of what is read for the archive, once it is clear that it can be
	 * dumped. */
	scenario_check(read(inotify, buffer, sizeof(buffer)) > 0 || errno == EAGAIN);
	scenario_check_equal(write(file, "x", 1), 1);
	scenario_check(read(inotify, buffer, sizeof(buffer)) > 0);
	scenario_pass();
}
