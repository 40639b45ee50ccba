/* SPDX-License-Identifier: MIT */
/* A virtual console that nobody else uses keeps its settings; the system console is only opened again. */
/* needs: root /dev/console /dev/tty29 */
#include "terminal.h"

int main(void)
{
	struct termios settings, found;
	int console = open("/dev/console", O_WRONLY | O_NOCTTY),
	    virtual = open("/dev/tty29", O_RDWR | O_NOCTTY);

	if (console < 0 || virtual < 0)
		scenario_skip("cannot open a console: %s", strerror(errno));
	make_raw(virtual);
	scenario_call(tcgetattr(virtual, &settings));
	settings.c_cc[VINTR] = 'q';
	settings.c_oflag |= OLCUC;
	scenario_call(tcsetattr(virtual, TCSANOW, &settings));
	scenario_call(tcgetattr(virtual, &settings));
	scenario_checkpoint();
	scenario_call(tcgetattr(virtual, &found));
	scenario_check(memcmp(&settings, &found, sizeof(found)) == 0);
	scenario_check(isatty(console));
	scenario_check_equal(write(console, "", 0), 0);
	scenario_check_equal(fcntl(console, F_GETFL) & O_ACCMODE, O_WRONLY);
	scenario_pass();
}
