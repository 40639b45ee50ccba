/* SPDX-License-Identifier: MIT */
/* A raised oom_score_adj is kept. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[16] = "";
	int fd = scenario_call(open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));

	scenario_check_equal(write(fd, "567", 3), 3);
	scenario_call(close(fd));
	scenario_checkpoint();
	fd = scenario_call(open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));
	scenario_check(read(fd, text, sizeof(text) - 1) > 0);
	scenario_check_equal(atoi(text), 567);
	scenario_pass();
}
