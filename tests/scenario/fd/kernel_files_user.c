/* SPDX-License-Identifier: MIT */
/* Files of /proc show an unprivileged program what they showed before, and what it opened as root stays open.
 */
/* needs: root */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

static void read_start(int fd, char *buffer, size_t size)
{
	memset(buffer, 0, size);
	scenario_call(lseek(fd, 0, SEEK_SET));
	scenario_check(read(fd, buffer, size - 1) > 0);
}

int main(void)
{
	char as_user[64], as_root[64], now[64];
	int by_root, by_user, forbidden;

	scenario_call(chmod(".", 0777));
	by_root = scenario_call(open("/proc/kallsyms", O_RDONLY));
	forbidden = scenario_call(open("/proc/sys/kernel/core_pattern", O_WRONLY));
	scenario_call(setresgid(65534, 65534, 65534));
	scenario_call(setresuid(65534, 65534, 65534));
	scenario_call(prctl(PR_SET_DUMPABLE, 1));
	by_user = scenario_call(open("/proc/kallsyms", O_RDONLY));
	read_start(by_user, as_user, sizeof(as_user));
	read_start(by_root, as_root, sizeof(as_root));
	scenario_checkpoint();
	read_start(by_user, now, sizeof(now));
	scenario_check(memcmp(now, as_user, sizeof(now)) == 0);
	scenario_check(fcntl(forbidden, F_GETFL) == (O_WRONLY | 0100000));
	scenario_pass();
}
