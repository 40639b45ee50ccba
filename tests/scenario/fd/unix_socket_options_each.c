/* SPDX-License-Identifier: MIT */
/* network */
/* needs: root */
/* Many sockets that are like new ones, and among them one for each option, which has only that changed. */
#include <linux/filter.h>

#include "unix_sockets.h"

struct value {
	int number;
	socklen_t size;
	unsigned char bytes[16];
};

static const struct value changes[] = {
	{SO_DEBUG, 4, {1}},
	{SO_REUSEADDR, 4, {1}},
	{SO_DONTROUTE, 4, {1}},
	{SO_BROADCAST, 4, {1}},
	{SO_KEEPALIVE, 4, {1}},
	{SO_OOBINLINE, 4, {1}},
	{SO_NO_CHECK, 4, {1}},
	{SO_PRIORITY, 4, {0, 1}},
	{SO_REUSEPORT, 4, {1}},
	{SO_PASSCRED, 4, {1}},
	{SO_PASSSEC, 4, {1}},
	{SO_RCVLOWAT, 4, {9}},
	{SO_MARK, 4, {0, 0, 0, 1}},
	{SO_RXQ_OVFL, 4, {1}},
	{SO_WIFI_STATUS, 4, {1}},
	{SO_NOFCS, 4, {1}},
	{SO_SELECT_ERR_QUEUE, 4, {1}},
	{SO_BUSY_POLL, 4, {3}},
	{69 /* SO_PREFER_BUSY_POLL */, 4, {1}},
	{75 /* SO_RCVMARK */, 4, {1}},
	{76 /* SO_PASSPIDFD */, 4, {1}},
	{82 /* SO_RCVPRIORITY */, 4, {1}},
	{83 /* SO_PASSRIGHTS */, 4, {0}},
	{SO_PEEK_OFF, 4, {3}},
	{SO_INCOMING_CPU, 4, {1}},
	{SO_LOCK_FILTER, 4, {1}},
	{SO_LINGER, 8, {1, 0, 0, 0, 9}},
	{SO_RCVTIMEO, 16, {7}},
	{SO_SNDTIMEO, 16, {8}},
	{SO_MAX_PACING_RATE, 8, {0, 0, 0, 0, 5}},
	{SO_TIMESTAMP, 4, {1}},
	{SO_TIMESTAMPNS, 4, {1}},
	{SO_TIMESTAMP_NEW, 4, {1}},
	{SO_TIMESTAMPNS_NEW, 4, {1}},
	{SO_TIMESTAMPING, 4, {16}},
	{SO_TXTIME, 8, {1}},
	{SO_SNDBUF, 4, {0, 0, 1}},
	{SO_RCVBUF, 4, {0, 0, 2}},
	{72 /* SO_BUF_LOCK */, 4, {1}},
	{SO_BINDTODEVICE, 2, {'l', 'o'}},
};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))
#define PLAIN 40
#define SOCKETS (PLAIN + CHANGES + 1)
#define TYPES 3

static int fds[TYPES][SOCKETS];
static struct value before[TYPES][SOCKETS][CHANGES];

static struct value get(int fd, int number)
{
	struct value value = {.number = number, .size = sizeof(value.bytes)};

	if (getsockopt(fd, SOL_SOCKET, number, value.bytes, &value.size) < 0)
		value.size = 0;
	return value;
}

static void make(int type, int made[SOCKETS])
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, ~0U);
	const struct sock_fprog filter = {1, &all};

	for (size_t i = 0; i < PLAIN; i += 2)
		scenario_call(socketpair(AF_UNIX, type, 0, made + i));
	for (size_t i = 0; i < CHANGES; i++) {
		int fd = made[PLAIN + i] = unix_new(type);

		/* Not all can be set in all kernels. */
		(void)setsockopt(fd, SOL_SOCKET, changes[i].number, changes[i].bytes, changes[i].size);
	}
	made[SOCKETS - 1] = unix_new(type);
	scenario_call(setsockopt(made[SOCKETS - 1], SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)));
}

int main(void)
{
	static const int types[TYPES] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

	for (size_t t = 0; t < TYPES; t++) {
		make(types[t], fds[t]);
		for (size_t i = 0; i < SOCKETS; i++)
			for (size_t k = 0; k < CHANGES; k++)
				before[t][i][k] = get(fds[t][i], changes[k].number);
	}

	scenario_checkpoint();
	for (size_t t = 0; t < TYPES; t++) {
		socklen_t instructions = 0;

		for (size_t i = 0; i < SOCKETS; i++)
			for (size_t k = 0; k < CHANGES; k++) {
				struct value now = get(fds[t][i], changes[k].number);

				if (memcmp(&before[t][i][k], &now, sizeof(now)) != 0)
					scenario_fail("option %d of socket %zu of type %d has changed",
						      now.number, i, types[t]);
			}
		scenario_call(
			getsockopt(fds[t][SOCKETS - 1], SOL_SOCKET, SO_GET_FILTER, NULL, &instructions));
		scenario_check_equal(instructions, 1);
	}
	scenario_pass();
}
