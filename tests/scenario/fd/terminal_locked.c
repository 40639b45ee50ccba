/* SPDX-License-Identifier: MIT */
/* Settings that cannot be changed, a pseudo-terminal that cannot be opened, and flags of the master. */
/* needs: cap_sys_admin */
#include "terminal.h"

int main(void)
{
	struct pair pair;
	struct termios locked = {0}, found, settings;
	int on = 1, state = 0;

	pair_open(&pair);
	change_local(pair.slave, ECHO, 0);
	locked.c_lflag = ECHO;
	locked.c_cc[VINTR] = 1;
	scenario_call(ioctl(pair.slave, TIOCSLCKTRMIOS, &locked));
	scenario_call(ioctl(pair.master, TIOCSPTLCK, &on));
	scenario_call(ioctl(pair.master, TIOCEXCL));
	scenario_checkpoint();
	scenario_call(ioctl(pair.slave, TIOCGLCKTRMIOS, &found));
	scenario_check_equal(found.c_lflag, locked.c_lflag);
	scenario_check_equal(found.c_cc[VINTR], 1);
	change_local(pair.slave, 0, ECHO);
	scenario_call(tcgetattr(pair.slave, &settings));
	scenario_check_equal(settings.c_lflag & ECHO, 0);
	scenario_call(ioctl(pair.master, TIOCGPTLCK, &state));
	scenario_check_equal(state, 1);
	scenario_check_equal(open(pair.name, O_RDWR | O_NOCTTY), -1);
	scenario_check_equal(errno, EIO);
	scenario_call(ioctl(pair.master, TIOCGEXCL, &state));
	scenario_check_equal(state, 1);
	scenario_call(ioctl(pair.slave, TIOCGEXCL, &state));
	scenario_check_equal(state, 0);
	scenario_pass();
}
