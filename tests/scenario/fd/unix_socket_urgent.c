/* SPDX-License-Identifier: MIT */
/* Urgent bytes (MSG_OOB): pending, first or later in the stream, in line, and read already. */
#include <sys/ioctl.h>

#include "unix_sockets.h"

#ifndef SIOCATMARK
#define SIOCATMARK 0x8905
#endif

static void urge(int fd, const char *byte)
{
	scenario_check_equal(send(fd, byte, 1, MSG_OOB), 1);
}

static void hear_urgent(int fd, char expected)
{
	char byte;

	scenario_check_equal(recv(fd, &byte, 1, MSG_OOB | MSG_DONTWAIT), 1);
	scenario_check_equal(byte, expected);
}

static bool is_at_mark(int fd)
{
	int value;

	scenario_call(ioctl(fd, SIOCATMARK, &value));
	return value;
}

int main(void)
{
	int later[2], first[2], only[2], in_line[2], was_read[2], was_first[2];
	char byte;

	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, later));
	if (send(later[0], "x", 1, MSG_OOB) < 0 && errno == EOPNOTSUPP)
		scenario_skip("unix sockets of this kernel have no urgent data");
	hear_urgent(later[1], 'x');
	unix_say(later[0], "abc");
	urge(later[0], "1");
	unix_say(later[0], "def");
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, first));
	urge(first[0], "2");
	unix_say(first[0], "ghi");
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, only));
	urge(only[0], "3");
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, in_line));
	unix_set_option(in_line[1], SO_OOBINLINE, 1);
	unix_say(in_line[0], "jk");
	urge(in_line[0], "4");
	unix_say(in_line[0], "l");
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, was_read));
	unix_say(was_read[0], "mn");
	urge(was_read[0], "5");
	unix_say(was_read[0], "o");
	hear_urgent(was_read[1], '5');
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, was_first));
	urge(was_first[0], "6");
	unix_say(was_first[0], "pqr");
	hear_urgent(was_first[1], '6');

	scenario_checkpoint();
	scenario_check(unix_poll(later[1]) & POLLPRI);
	scenario_check(!is_at_mark(later[1]));
	unix_hear(later[1], "abc");
	scenario_check(is_at_mark(later[1]));
	hear_urgent(later[1], '1');
	unix_hear(later[1], "def");

	scenario_check(unix_poll(first[1]) & POLLPRI);
	scenario_check(is_at_mark(first[1]));
	hear_urgent(first[1], '2');
	unix_hear(first[1], "ghi");

	scenario_check(unix_poll(only[1]) & POLLPRI);
	hear_urgent(only[1], '3');
	unix_hear_nothing(only[1]);

	scenario_check_equal(unix_option(in_line[1], SO_OOBINLINE), 1);
	unix_hear(in_line[1], "jk");
	scenario_check(is_at_mark(in_line[1]));
	unix_hear(in_line[1], "4l");

	scenario_check(!(unix_poll(was_read[1]) & POLLPRI));
	unix_hear(was_read[1], "mn");
	scenario_check(is_at_mark(was_read[1]));
	unix_hear(was_read[1], "o");

	scenario_check(recv(was_first[1], &byte, 1, MSG_OOB | MSG_DONTWAIT) < 0 && errno == EINVAL);
	scenario_check(is_at_mark(was_first[1]));
	unix_hear(was_first[1], "pqr");
	scenario_pass();
}
