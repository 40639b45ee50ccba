/* SPDX-License-Identifier: MIT */
/* Options that differ from those of a new socket; and those that were never set do not count as set. */
#include <linux/filter.h>
#include <sys/time.h>

#include "unix_sockets.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#define PLAIN_COUNT (sizeof(plain) / sizeof(plain[0]))

static const int plain[] = {SO_BROADCAST, SO_KEEPALIVE,   SO_OOBINLINE,       SO_NO_CHECK,  SO_PASSCRED,
			    SO_PASSSEC,   SO_TIMESTAMP,   SO_RXQ_OVFL,        SO_DONTROUTE, SO_WIFI_STATUS,
			    SO_REUSEADDR, SO_LOCK_FILTER, SO_SELECT_ERR_QUEUE};

static bool is_set[PLAIN_COUNT];

int main(void)
{
	struct sock_filter instructions[] = {{BPF_RET | BPF_K, 0, 0, 1000}}, read_back[4];
	struct sock_fprog filter = {1, instructions};
	struct linger linger = {1, 30};
	struct timeval receive_timeout = {12, 340000}, send_timeout = {5, 0}, timeout;
	int fd = unix_new(SOCK_DGRAM), fresh = unix_new(SOCK_DGRAM), pair[2], send_size, receive_size,
	    old_send_size;
	socklen_t size;

	old_send_size = unix_option(fd, SO_SNDBUF);
	unix_set_option(fd, SO_SNDBUF, 50000);
	unix_set_option(fd, SO_RCVBUF, 60000);
	send_size = unix_option(fd, SO_SNDBUF);
	receive_size = unix_option(fd, SO_RCVBUF);
	unix_set_option(fd, SO_PRIORITY, 5);
	unix_set_option(fd, SO_RCVLOWAT, 77);
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive_timeout, sizeof(receive_timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)));
	for (size_t i = 0; i < PLAIN_COUNT; i++)
		is_set[i] = setsockopt(fd, SOL_SOCKET, plain[i], &(int){1}, sizeof(int)) == 0;
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	unix_set_option(pair[0], SO_PEEK_OFF, 3);
	unix_say(pair[1], "abcdef");

	scenario_checkpoint();
	scenario_check_equal(unix_option(fd, SO_SNDBUF), send_size);
	scenario_check_equal(unix_option(fd, SO_RCVBUF), receive_size);
	scenario_check_equal(unix_option(fd, SO_BUF_LOCK), 3);
	scenario_check_equal(unix_option(fresh, SO_SNDBUF), old_send_size);
	scenario_check_equal(unix_option(fresh, SO_BUF_LOCK), 0);
	scenario_check_equal(unix_option(pair[0], SO_SNDBUF), old_send_size);
	scenario_check_equal(unix_option(pair[0], SO_BUF_LOCK), 0);
	scenario_check_equal(unix_option(pair[1], SO_BUF_LOCK), 0);
	scenario_check_equal(unix_option(fd, SO_PRIORITY), 5);
	scenario_check_equal(unix_option(fd, SO_RCVLOWAT), 77);
	size = sizeof(linger);
	linger = (struct linger){0, 0};
	scenario_call(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size));
	scenario_check_equal(linger.l_onoff, 1);
	scenario_check_equal(linger.l_linger, 30);
	size = sizeof(timeout);
	scenario_call(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &size));
	scenario_check(timeout.tv_sec == 12 && timeout.tv_usec == 340000);
	scenario_call(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size));
	scenario_check(timeout.tv_sec == 5 && timeout.tv_usec == 0);
	size = 4;
	scenario_call(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, read_back, &size));
	scenario_check_equal(size, 1);
	scenario_check(memcmp(read_back, instructions, sizeof(instructions)) == 0);
	scenario_check(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)) < 0 &&
		       errno == EPERM);
	for (size_t i = 0; i < PLAIN_COUNT; i++) {
		if (is_set[i] && unix_option(fd, plain[i]) == 0)
			scenario_fail("option %d is not set any more", plain[i]);
		if (unix_option(fresh, plain[i]) != 0)
			scenario_fail("option %d has come from nowhere", plain[i]);
	}
	scenario_check_equal(unix_option(pair[0], SO_PEEK_OFF), 3);
	scenario_check_equal(unix_option(pair[1], SO_PEEK_OFF), -1);
	scenario_pass();
}
