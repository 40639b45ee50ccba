/* SPDX-License-Identifier: MIT */
/* Files that the process could not open any more - mode 000, another user's, a closed directory - stay open.
 */
/* needs: root */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

int main(void)
{
	char text[4];
	int fds[4];

	scenario_call(mkdir("closed", 0700));
	fds[0] = scenario_call(open("mode 000", O_RDWR | O_CREAT, 0600));
	fds[1] = scenario_call(open("read-only", O_RDWR | O_CREAT, 0600));
	fds[2] = scenario_call(open("closed/file", O_RDWR | O_CREAT, 0666));
	fds[3] = scenario_call(open("mine", O_RDWR | O_CREAT, 0600));
	for (int i = 0; i < 4; i++)
		scenario_check_equal(write(fds[i], "x", 1), 1);
	scenario_call(fchmod(fds[0], 0));
	scenario_call(fchmod(fds[1], 0444));
	scenario_call(fchown(fds[3], 65534, 65534));
	scenario_call(fchmod(fds[3], 0));
	scenario_call(syscall(SYS_setresgid, 65534, 65534, 65534));
	scenario_call(syscall(SYS_setresuid, 65534, 65534, 65534));
	scenario_check_equal(open("mode 000", O_RDONLY), -1);
	scenario_checkpoint();
	for (int i = 0; i < 4; i++) {
		scenario_check_equal(pread(fds[i], text, 4, 0), 1);
		scenario_check_equal(write(fds[i], "y", 1), 1);
	}
	scenario_check_equal(open("mode 000", O_RDONLY), -1);
	scenario_check_equal(getuid(), 65534);
	scenario_pass();
}
