/* SPDX-License-Identifier: MIT */
/* Both ends of a pseudo-terminal in one process: settings, window, and bytes both ways afterwards. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "scenario.h"

static short ready(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLIN | POLLOUT};

	scenario_call(poll(&look, 1, 0));
	return look.revents;
}

int main(void)
{
	struct winsize window = {.ws_row = 31, .ws_col = 77, .ws_xpixel = 5, .ws_ypixel = 6}, found;
	int master = scenario_call(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), slave, second, exclusive;
	struct termios settings, after;
	char name[64], text[64];
	struct stat before_stat, after_stat;
	unsigned index, index_after;

	scenario_check(grantpt(master) == 0 && unlockpt(master) == 0);
	scenario_check(ptsname_r(master, name, sizeof(name)) == 0);
	slave = scenario_call(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	second = scenario_call(open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK));
	scenario_call(tcgetattr(slave, &settings));
	settings.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	settings.c_oflag |= OLCUC;
	settings.c_cc[VINTR] = 'q';
	settings.c_cc[VMIN] = 7;
	cfsetspeed(&settings, B9600);
	scenario_call(tcsetattr(slave, TCSANOW, &settings));
	scenario_call(tcgetattr(slave, &settings));
	scenario_call(ioctl(master, TIOCSWINSZ, &window));
	scenario_call(fchmod(slave, 0612));
	scenario_call(fstat(slave, &before_stat));
	scenario_call(ioctl(slave, TIOCEXCL));
	scenario_call(ioctl(master, TIOCGPTN, &index));
	scenario_checkpoint();
	scenario_call(ioctl(master, TIOCGPTN, &index_after));
	scenario_check_equal(index_after, index);
	scenario_check(isatty(slave) && strcmp(ttyname(slave), name) == 0);
	scenario_call(tcgetattr(second, &after));
	scenario_check(memcmp(&settings, &after, sizeof(after)) == 0);
	scenario_call(ioctl(slave, TIOCGWINSZ, &found));
	scenario_check(memcmp(&window, &found, sizeof(found)) == 0);
	scenario_call(fstat(slave, &after_stat));
	scenario_check_equal(after_stat.st_mode, before_stat.st_mode);
	scenario_check_equal(after_stat.st_uid, before_stat.st_uid);
	scenario_check_equal(after_stat.st_rdev, before_stat.st_rdev);
	scenario_call(ioctl(slave, TIOCGEXCL, &exclusive));
	scenario_check_equal(exclusive, 1);
	scenario_check_equal(ready(master), POLLOUT);
	scenario_check_equal(ready(slave), POLLOUT);
	scenario_check_equal(read(second, text, sizeof(text)), -1);
	scenario_check_equal(errno, EAGAIN);
	scenario_check_equal(write(master, "input\n", 6), 6);
	scenario_check_equal(read(slave, text, sizeof(text)), 6);
	scenario_check(memcmp(text, "input\n", 6) == 0);
	scenario_check_equal(write(slave, "output\n", 7), 7);
	scenario_check_equal(read(master, text, sizeof(text)), 8);
	scenario_check(memcmp(text, "OUTPUT\r\n", 8) == 0);
	scenario_pass();
}
