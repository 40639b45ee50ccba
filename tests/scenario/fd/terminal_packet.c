/* SPDX-License-Identifier: MIT */
/* Packet mode, with output that waits. */
#include "terminal.h"

/* What packet mode tells of an end that was flushed, stopped, started, or given other flow control. */
static void cause(struct pair *pair, const char *text, unsigned char *ret_events)
{
	int on = 1;

	scenario_call(ioctl(pair->master, TIOCPKT, &on));
	*ret_events = 0;
	for (; *text; text++) {
		struct termios settings;

		scenario_call(tcgetattr(pair->slave, &settings));
		switch (*text) {
		case 'i':
			scenario_call(tcflush(pair->slave, TCIFLUSH));
			*ret_events |= TIOCPKT_FLUSHREAD;
			break;
		case 'o':
			scenario_call(tcflush(pair->slave, TCOFLUSH));
			*ret_events |= TIOCPKT_FLUSHWRITE;
			break;
		case 's':
			scenario_call(tcflow(pair->slave, TCOOFF));
			*ret_events = (*ret_events & ~TIOCPKT_START) | TIOCPKT_STOP;
			break;
		case 'g':
			scenario_call(tcflow(pair->slave, TCOON));
			*ret_events = (*ret_events & ~TIOCPKT_STOP) | TIOCPKT_START;
			break;
		default:
			settings.c_iflag ^= IXON;
			scenario_call(tcsetattr(pair->slave, TCSANOW, &settings));
			*ret_events &= ~(TIOCPKT_NOSTOP | TIOCPKT_DOSTOP);
			*ret_events |= settings.c_iflag & IXON ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP;
		}
	}
}

int main(void)
{
	static const char *const causes[] = {"i", "ox", "sg", "is", "xxiosg"};
	struct pair pair, others[5];
	unsigned char events[5];
	int on = 1, mode = 0;

	pair_open(&pair);
	scenario_call(ioctl(pair.master, TIOCPKT, &on));
	PUT(pair.slave, "text");
	await_waiting(pair.master, 4);
	for (int i = 0; i < 5; i++) {
		pair_open(&others[i]);
		change_local(others[i].slave, ECHO, 0);
		cause(&others[i], causes[i], &events[i]);
		PUT(others[i].master, "input\n");
		await_waiting(others[i].slave, 6);
	}
	scenario_checkpoint();
	scenario_call(ioctl(pair.master, TIOCGPKT, &mode));
	scenario_check_equal(mode, 1);
	scenario_check_equal(ready(pair.master), POLLIN | POLLOUT);
	EXPECT(pair.master, "\0text");
	scenario_call(tcflow(pair.slave, TCOOFF));
	scenario_check(ready(pair.master) & POLLPRI);
	EXPECT(pair.master, "\4");
	for (int i = 0; i < 5; i++) {
		scenario_check(ready(others[i].master) & POLLPRI);
		expect(others[i].master, (const char *)&events[i], 1);
		scenario_check_equal(ready(others[i].master), POLLOUT);
		EXPECT(others[i].slave, "input\n");
		scenario_check_equal(ready(others[i].slave), events[i] & TIOCPKT_STOP ? 0 : POLLOUT);
	}
	scenario_pass();
}
