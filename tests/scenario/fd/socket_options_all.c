/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* Every option of the level that all sockets share, on sockets of all kinds, as far as each takes it. */
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>

#include "sockets.h"

/* Those that hold something else than an int. */
struct value {
	int number;
	socklen_t size;
	unsigned char bytes[16];
};

static const int numbers[] = {
	SO_DEBUG,
	SO_REUSEADDR,
	SO_DONTROUTE,
	SO_BROADCAST,
	SO_KEEPALIVE,
	SO_OOBINLINE,
	SO_NO_CHECK,
	SO_PRIORITY,
	SO_REUSEPORT,
	SO_PASSCRED,
	SO_PASSSEC,
	SO_RCVLOWAT,
	SO_MARK,
	SO_RXQ_OVFL,
	SO_WIFI_STATUS,
	SO_NOFCS,
	SO_SELECT_ERR_QUEUE,
	SO_BUSY_POLL,
	SO_ZEROCOPY,
	69 /* SO_PREFER_BUSY_POLL */,
	73 /* SO_RESERVE_MEM */,
	74 /* SO_TXREHASH */,
	75 /* SO_RCVMARK */,
	76 /* SO_PASSPIDFD */,
	82 /* SO_RCVPRIORITY */,
	83 /* SO_PASSRIGHTS */,
	SO_PEEK_OFF,
	SO_INCOMING_CPU,
};

#define COUNT (sizeof(numbers) / sizeof(numbers[0]))
#define SOCKETS 11

/* An int that the socket does not have yet, if it takes that. */
static void set_other(int fd, int number)
{
	int value = 0, other;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, number, &value, &size) < 0)
		return;
	other = number == SO_PRIORITY ? 5 : number == SO_MARK ? 77 : number == 73 ? 65536 : value == 0;
	(void)setsockopt(fd, SOL_SOCKET, number, &other, sizeof(other));
}

static void set_all(int fd, bool is_timestamped_again)
{
	const struct so_timestamping stamps = {.flags = SOF_TIMESTAMPING_RX_SOFTWARE |
							SOF_TIMESTAMPING_SOFTWARE};
	const struct timeval timeout = {.tv_sec = 7, .tv_usec = 250000};
	const struct linger linger = {.l_onoff = 1, .l_linger = 9};
	const uint64_t rate = 123456789;

	for (size_t i = 0; i < COUNT; i++)
		set_other(fd, numbers[i]);
	sockets_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 300000);
	sockets_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 5000000);
	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
	(void)setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)));
	scenario_call(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps));
	sockets_set(fd, SOL_SOCKET, is_timestamped_again ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMP, 1);
}

static struct value get(int fd, int number)
{
	struct value value = {.number = number, .size = sizeof(value.bytes)};

	if (getsockopt(fd, SOL_SOCKET, number, value.bytes, &value.size) < 0)
		value.size = 0;
	return value;
}

static void get_all(int fd, struct value values[COUNT + 12])
{
	static const int others[] = {SO_SNDBUF,
				     SO_RCVBUF,
				     SO_BINDTODEVICE,
				     SO_MAX_PACING_RATE,
				     SO_RCVTIMEO,
				     SO_SNDTIMEO,
				     SO_LINGER,
				     SO_TIMESTAMPING,
				     SO_TIMESTAMPNS_NEW,
				     SO_TIMESTAMP,
				     72 /* SO_BUF_LOCK */,
				     SO_BINDTOIFINDEX};

	for (size_t i = 0; i < COUNT; i++)
		values[i] = get(fd, numbers[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		values[COUNT + i] = get(fd, others[i]);
}

int main(void)
{
	static const int types[SOCKETS][3] = {
		{AF_INET, SOCK_STREAM, 0},
		{AF_INET6, SOCK_STREAM, 0},
		{AF_INET, SOCK_DGRAM, 0},
		{AF_INET6, SOCK_DGRAM, 0},
		{AF_INET, SOCK_RAW, 253},
		{AF_INET6, SOCK_RAW, 253},
		{AF_UNIX, SOCK_STREAM, 0},
		{AF_UNIX, SOCK_DGRAM, 0},
		{AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
		{AF_PACKET, SOCK_RAW, 0},
		{AF_UNIX, SOCK_SEQPACKET, 0},
	};
	struct value before[SOCKETS][COUNT + 12], after[COUNT + 12];
	int fds[SOCKETS];

	for (size_t i = 0; i < SOCKETS; i++) {
		fds[i] = scenario_call(socket(types[i][0], types[i][1], types[i][2]));
		set_all(fds[i], i % 2);
		get_all(fds[i], before[i]);
	}

	scenario_checkpoint();
	for (size_t i = 0; i < SOCKETS; i++) {
		memset(after, 0, sizeof(after));
		get_all(fds[i], after);
		for (size_t k = 0; k < COUNT + 12; k++)
			if (memcmp(&before[i][k], &after[k], sizeof(after[k])) != 0)
				scenario_fail("option %d of socket %zu has changed", after[k].number, i);
	}
	scenario_pass();
}
