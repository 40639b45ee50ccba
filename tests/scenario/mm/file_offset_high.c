/* SPDX-License-Identifier: MIT */
/* Mappings far inside a sparse file, of a read-only descriptor and with a name full of odd bytes, are kept.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scenario.h"

#define PAGE 4096UL
#define FAR (3UL << 40)

static const char name[] = "a name\nwith\\012 lines, \t tab, \"quotes\" and \xff\xfe (deleted)";

int main(void)
{
	int fd = scenario_call(open(name, O_RDWR | O_CREAT, 0644));
	char *memory, *executable;

	scenario_call(ftruncate(fd, FAR + 4 * PAGE));
	scenario_check_equal(pwrite(fd, "far away", 8, FAR), 8);
	scenario_call(close(fd));
	fd = scenario_call(open(name, O_RDONLY));
	memory = scenario_call(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, FAR));
	executable = scenario_call(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, FAR));
	scenario_call(close(fd));
	memory[2 * PAGE] = 'x';
	scenario_checkpoint();
	scenario_check(memcmp(memory, "far away", 8) == 0);
	scenario_check(memory[2 * PAGE] == 'x' && memory[PAGE] == 0);
	scenario_check(memcmp(executable, "far away", 8) == 0);
	memory[0] = 'F';
	scenario_check(executable[0] == 'f');
	scenario_pass();
}
