/* SPDX-License-Identifier: MIT */
/* network */
/* Addresses that are no interface's: bound with IP_FREEBIND, which is still set, or no more, or with
 * IP_TRANSPARENT. */
#include "sockets.h"

#define FOREIGN "203.0.113.7"
#define FOREIGN6 "2001:db8::7"

static int bound(int type, const char *host, unsigned port, int option)
{
	int fd = scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, type, 0));

	sockets_set(fd, IPPROTO_IP, option, 1);
	sockets_bind(fd, host, port);
	return fd;
}

static void check(int fd, const char *host, unsigned port, int is_free)
{
	union socket_address expected = sockets_address(host, port), own = sockets_own(fd);

	scenario_check(sockets_is_same(&expected, &own));
	scenario_check_equal(sockets_get(fd, IPPROTO_IP, IP_FREEBIND), is_free);
}

int main(void)
{
	int free6 = bound(SOCK_DGRAM, FOREIGN6, 4001, IP_FREEBIND),
	    not6 = bound(SOCK_DGRAM, FOREIGN6, 4002, IP_FREEBIND);
	int listening = bound(SOCK_STREAM, FOREIGN, 4003, IP_FREEBIND),
	    not4 = bound(SOCK_STREAM, FOREIGN, 4004, IP_FREEBIND);
	int raw = scenario_call(socket(AF_INET, SOCK_RAW, 253)),
	    through = bound(SOCK_DGRAM, FOREIGN, 4005, IP_TRANSPARENT);

	sockets_set(raw, IPPROTO_IP, IP_FREEBIND, 1);
	sockets_bind(raw, FOREIGN, 0);
	sockets_set(raw, IPPROTO_IP, IP_FREEBIND, 0);
	sockets_set(not6, IPPROTO_IP, IP_FREEBIND, 0);
	sockets_set(not4, IPPROTO_IP, IP_FREEBIND, 0);
	scenario_call(listen(listening, 3));

	scenario_checkpoint();
	check(free6, FOREIGN6, 4001, 1);
	check(not6, FOREIGN6, 4002, 0);
	check(listening, FOREIGN, 4003, 1);
	check(not4, FOREIGN, 4004, 0);
	check(through, FOREIGN, 4005, 0);
	scenario_check_equal(sockets_get(through, IPPROTO_IP, IP_TRANSPARENT), 1);
	check(raw, FOREIGN, 253, 0);
	scenario_call(listen(not4, 3));
	scenario_pass();
}
