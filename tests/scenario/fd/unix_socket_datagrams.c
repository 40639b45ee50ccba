/* SPDX-License-Identifier: MIT */
/* A datagram server with several clients: who is connected, who has sent what, under which name. */
#include "unix_sockets.h"

int main(void)
{
	int server = unix_new(SOCK_DGRAM), abstract_server = unix_new(SOCK_DGRAM),
	    named = unix_new(SOCK_DGRAM);
	int unnamed, abstract, mutual = unix_new(SOCK_DGRAM), self = unix_new(SOCK_DGRAM),
			       free = unix_new(SOCK_DGRAM);

	unix_bind(server, "server");
	unix_bind(abstract_server, "@server");
	unix_bind(named, "named");
	unix_connect(named, "server");
	unnamed = unix_client(SOCK_DGRAM, "server");
	abstract = unix_new(SOCK_DGRAM);
	unix_bind(abstract, "@client");
	unix_connect(abstract, "@server");
	unix_say(named, "from named");
	unix_say(unnamed, "from unnamed");
	unix_say_to(abstract, "server", "from abstract");
	unix_say_to(free, "server", "from nobody");
	unix_say(abstract, "hello");
	unix_say_to(server, "named", "answer");
	/* Its sender is not there any more. */
	close(free);
	free = unix_new(SOCK_DGRAM);
	unix_bind(free, "gone");
	unix_say_to(free, "server", "from gone");
	close(free);
	scenario_call(unlink("gone"));

	unix_bind(mutual, "mutual");
	free = unix_new(SOCK_DGRAM);
	unix_bind(free, "other");
	unix_connect(mutual, "other");
	unix_connect(free, "mutual");
	unix_say(mutual, "one");
	unix_say(free, "two");

	unix_bind(self, "self");
	unix_connect(self, "self");
	unix_say(self, "to myself");

	scenario_checkpoint();
	unix_check_names(named, "named", "server");
	unix_check_names(unnamed, "", "server");
	unix_check_names(abstract, "@client", "@server");
	unix_check_unconnected(server);
	unix_hear_from(server, "named", "from named");
	unix_hear_from(server, "", "from unnamed");
	unix_hear_from(server, "@client", "from abstract");
	unix_hear_from(server, "", "from nobody");
	unix_hear_from(server, "gone", "from gone");
	unix_hear_nothing(server);
	unix_hear_from(abstract_server, "@client", "hello");
	unix_hear_from(named, "server", "answer");
	unix_say(unnamed, "more");
	unix_hear_from(server, "", "more");
	scenario_check(access("gone", F_OK) < 0);

	unix_hear_from(free, "mutual", "one");
	unix_hear_from(mutual, "other", "two");
	unix_check_connected(mutual, free);
	/* Who is connected hears nobody else. */
	scenario_check(sendto(named, "x", 1, 0, (struct sockaddr *)&(struct sockaddr_un){AF_UNIX, "mutual"},
			      sizeof(struct sockaddr_un)) < 0 &&
		       errno == EPERM);

	unix_hear_from(self, "self", "to myself");
	unix_say(self, "again");
	unix_hear(self, "again");
	unix_check_names(self, "self", "self");
	scenario_pass();
}
