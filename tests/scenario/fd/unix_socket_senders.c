/* SPDX-License-Identifier: MIT */
/* A datagram socket has messages of many senders: with names of all kinds, without, and of such that are
 * gone. */
#include "unix_sockets.h"

static int new_sender(const char *name)
{
	int fd = unix_new(SOCK_DGRAM);

	if (name[0])
		unix_bind(fd, name);
	return fd;
}

int main(void)
{
	static const char *const names[] = {"one", "", "@two", "gone", "@gone", "folder/three"};
	int receiver = new_sender("receiver"), connected = new_sender("connected");
	struct unix_name name;
	int senders[6];
	char text[32];

	scenario_call(mkdir("folder", 0700));
	for (int i = 0; i < 6; i++)
		senders[i] = new_sender(names[i]);
	unix_connect(senders[0], "receiver");
	for (int i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "by %d", i);
		unix_say_to(senders[i], "receiver", text);
	}
	/* It came before the connection, which lets nobody else in from then on. */
	unix_say_to(senders[2], "connected", "before");
	unix_say_to(senders[5], "connected", "before, too");
	unix_connect(connected, "folder/three");
	unix_say_to(senders[5], "connected", "after");
	close(senders[3]);
	close(senders[4]);
	scenario_call(unlink("gone"));

	scenario_checkpoint();
	for (int i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "by %d", i);
		unix_hear_from(receiver, names[i], text);
	}
	unix_hear_nothing(receiver);
	unix_hear_from(connected, "@two", "before");
	unix_hear_from(connected, "folder/three", "before, too");
	unix_hear_from(connected, "folder/three", "after");
	unix_hear_nothing(connected);
	unix_say_to(senders[5], "connected", "again");
	unix_hear(connected, "again");
	name = unix_name("connected");
	scenario_check(sendto(senders[2], "x", 1, 0, (struct sockaddr *)&name.address, name.size) < 0 &&
		       errno == EPERM);
	scenario_pass();
}
