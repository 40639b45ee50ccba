/* SPDX-License-Identifier: MIT */
/* network */
/* Of a group that shares a port (SO_REUSEPORT), each socket keeps what waits in it, and the group goes on. */
#include "sockets.h"

#define MEMBERS 5
#define SENDERS 64

static int receive_all(int fd, bool seen[SENDERS])
{
	char text[32];
	ssize_t size;
	int count = 0;

	while ((size = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) >= 0) {
		text[size] = '\0';
		scenario_check(!seen[atoi(text)]);
		seen[atoi(text)] = true;
		count++;
	}
	scenario_check_equal(errno, EAGAIN);
	return count;
}

static void send_all(const int senders[SENDERS])
{
	for (int i = 0; i < SENDERS; i++) {
		char text[32];

		snprintf(text, sizeof(text), "%d", i);
		sockets_send_to(senders[i], text, "127.0.0.1", 4001);
	}
}

/* Bytes of memory that wait, by which it is known what each one got. */
static uint32_t waiting(int fd)
{
	uint32_t info[16];
	socklen_t size = sizeof(info);

	scenario_call(getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size));
	return info[0];
}

int main(void)
{
	int members[MEMBERS], senders[SENDERS], counts[MEMBERS], total = 0;
	uint32_t before[MEMBERS];
	bool seen[SENDERS] = {false}, again[SENDERS] = {false};

	for (int i = 0; i < MEMBERS; i++) {
		members[i] = scenario_call(socket(AF_INET, SOCK_DGRAM, 0));
		sockets_set(members[i], SOL_SOCKET, SO_REUSEPORT, 1);
		sockets_bind(members[i], "127.0.0.1", 4001);
	}
	for (int i = 0; i < SENDERS; i++)
		senders[i] = sockets_bound(SOCK_DGRAM, "127.0.0.1", 5000 + (unsigned)i);
	send_all(senders);
	for (int i = 0; i < MEMBERS; i++)
		before[i] = waiting(members[i]);

	scenario_checkpoint();
	for (int i = 0; i < MEMBERS; i++) {
		counts[i] = receive_all(members[i], seen);
		total += counts[i];
		/* All datagrams are of one size. */
		scenario_check_equal(counts[i] * (int)(before[0] / (uint32_t)(counts[0] ?: 1)),
				     (int)before[i]);
	}
	scenario_check_equal(total, SENDERS);
	send_all(senders);
	for (int i = 0; i < MEMBERS; i++) {
		int count = receive_all(members[i], again);

		scenario_check(count > 0 && count < SENDERS);
		total += count;
	}
	scenario_check_equal(total, 2 * SENDERS);
	scenario_pass();
}
