/* SPDX-License-Identifier: MIT */
/* Sockets bound to relative, absolute, abstract and automatic names have them, and are found by them. */
#include <limits.h>

#include "unix_sockets.h"

#define AUTOMATIC_SIZE (sizeof(sa_family_t) + 6)

int main(void)
{
	char folder[64], absolute[96];
	struct sockaddr_un automatic[2];
	socklen_t size = sizeof(automatic[0]);
	int relative, full, abstract, unnamed, sender;

	scenario_check(getcwd(folder, sizeof(folder)));
	snprintf(absolute, sizeof(absolute), "%s/absolute", folder);
	scenario_call(mkdir("folder", 0700));
	relative = unix_listen(SOCK_STREAM, "folder/../folder/./relative", 3);
	full = unix_new(SOCK_DGRAM);
	unix_bind(full, absolute);
	abstract = unix_new(SOCK_SEQPACKET);
	unix_bind(abstract, "@abstract");
	unnamed = unix_new(SOCK_DGRAM);
	scenario_call(bind(unnamed, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)));
	scenario_call(getsockname(unnamed, (struct sockaddr *)&automatic[0], &size));
	scenario_check_equal(size, AUTOMATIC_SIZE);

	scenario_checkpoint();
	unix_check_names(relative, "folder/../folder/./relative", NULL);
	unix_check_names(full, absolute, NULL);
	unix_check_names(abstract, "@abstract", NULL);
	size = sizeof(automatic[1]);
	scenario_call(getsockname(unnamed, (struct sockaddr *)&automatic[1], &size));
	scenario_check_equal(size, AUTOMATIC_SIZE);
	scenario_check(memcmp(&automatic[0], &automatic[1], AUTOMATIC_SIZE) == 0);
	unix_check_unconnected(full);

	unix_check_serves(relative, SOCK_STREAM, "folder/relative");
	scenario_call(listen(abstract, 1));
	unix_check_serves(abstract, SOCK_SEQPACKET, "@abstract");
	sender = unix_new(SOCK_DGRAM);
	unix_say_to(sender, "absolute", "found");
	unix_hear(full, "found");
	scenario_check_equal(sendto(sender, "x", 1, 0, (struct sockaddr *)&automatic[0], AUTOMATIC_SIZE), 1);
	unix_hear(unnamed, "x");
	scenario_pass();
}
