/* SPDX-License-Identifier: MIT */
/* The seals of memfds, each set of them, hold as before. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif

static const int seals[] = {
	0,
	F_SEAL_SHRINK,
	F_SEAL_GROW | F_SEAL_SEAL,
	F_SEAL_WRITE | F_SEAL_SHRINK,
	F_SEAL_FUTURE_WRITE,
	F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
	F_SEAL_EXEC | F_SEAL_SEAL,
};
#define COUNT (sizeof(seals) / sizeof(seals[0]))

int main(void)
{
	int fds[COUNT], before[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		fds[i] = scenario_call(memfd_create("sealed", MFD_ALLOW_SEALING));
		scenario_check_equal(write(fds[i], "0123456789", 10), 10);
		scenario_call(fchmod(fds[i], 0600));
		if (fcntl(fds[i], F_ADD_SEALS, seals[i]) < 0 && errno != EINVAL)
			scenario_fail("seals %#x: %s", (unsigned)seals[i], strerror(errno));
		before[i] = scenario_call(fcntl(fds[i], F_GET_SEALS));
	}
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		char text[16];

		scenario_check_equal(fcntl(fds[i], F_GET_SEALS), before[i]);
		scenario_check_equal(pread(fds[i], text, sizeof(text), 0), 10);
		scenario_check_equal(pwrite(fds[i], "a", 1, 0) == 1,
				     !(before[i] & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)));
		scenario_check_equal(ftruncate(fds[i], 20) == 0, !(before[i] & F_SEAL_GROW));
		scenario_check_equal(ftruncate(fds[i], 5) == 0, !(before[i] & F_SEAL_SHRINK));
		scenario_check_equal(fchmod(fds[i], 0700) == 0, !(before[i] & F_SEAL_EXEC));
		scenario_check_equal(fcntl(fds[i], F_ADD_SEALS, F_SEAL_SHRINK) == 0,
				     !(before[i] & F_SEAL_SEAL));
	}
	scenario_pass();
}
