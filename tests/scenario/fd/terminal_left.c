/* SPDX-License-Identifier: MIT */
/* A member of a session that has given up the controlling terminal, and one made before there was one. */
#include <signal.h>
#include <sys/wait.h>

#include "terminal.h"

enum { READY, GO, NUMBERS };

static atomic_int *numbers;

static _Noreturn void be_member(int slave, bool is_to_leave)
{
	if (is_to_leave)
		scenario_call(ioctl(slave, TIOCNOTTY));
	atomic_fetch_add(&numbers[READY], 1);
	while (!atomic_load(&numbers[GO]))
		scenario_sleep_ms(1);
	scenario_check_equal(open("/dev/tty", O_RDWR), -1);
	scenario_check_equal(errno, ENXIO);
	_exit(7);
}

int main(void)
{
	struct pair pair;
	pid_t members[2];
	int status;

	pair_open(&pair);
	numbers = shared_numbers("numbers", NUMBERS);
	members[0] = scenario_call(fork());
	if (members[0] == 0)
		be_member(pair.slave, false);
	scenario_call(ioctl(pair.slave, TIOCSCTTY, 0));
	members[1] = scenario_call(fork());
	if (members[1] == 0)
		be_member(pair.slave, true);
	while (atomic_load(&numbers[READY]) < 2)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&numbers[GO], 1);
	for (int i = 0; i < 2; i++) {
		scenario_check_equal(waitpid(members[i], &status, 0), members[i]);
		scenario_check(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
	scenario_check_equal(tcgetsid(pair.slave), getpid());
	scenario_pass();
}
