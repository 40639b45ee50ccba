/* SPDX-License-Identifier: MIT */
/* The choice of mappings for core dumps is kept. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[16] = "";
	int fd = scenario_call(open("/proc/self/coredump_filter", O_RDWR | O_CLOEXEC));

	scenario_check_equal(write(fd, "0x155", 5), 5);
	scenario_call(close(fd));
	scenario_checkpoint();
	fd = scenario_call(open("/proc/self/coredump_filter", O_RDWR | O_CLOEXEC));
	scenario_check(read(fd, text, sizeof(text) - 1) > 0);
	scenario_check_equal(strtol(text, NULL, 16), 0x155);
	scenario_pass();
}
