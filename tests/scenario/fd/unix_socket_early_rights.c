/* SPDX-License-Identifier: MIT */
/* Descriptors that were sent before anybody accepted the connection come through: the very open files. */
/* needs: root cap_sys_admin */
#include "unix_sockets.h"

struct connections {
	int type, listener, client;
};

static int file, ends[2];

static void make(struct connections *connections, int type, const char *name)
{
	int gone;

	connections->type = type;
	connections->listener = unix_listen(type, name, 3);
	connections->client = unix_client(type, name);
	unix_send_fds(connections->client, "with two", (int[]){file, ends[1]}, 2);
	unix_send_fds(connections->client, "itself", &connections->client, 1);
	unix_say(connections->client, "without");
	gone = unix_client(type, name);
	unix_send_fds(gone, "the file", &file, 1);
	scenario_call(close(gone));
}

/* Both lead to one open file, whose position they have in common. */
static void check_file(int other)
{
	off_t position = scenario_call(lseek(file, 0, SEEK_CUR));

	scenario_check_equal(lseek(other, 1, SEEK_CUR), position + 1);
	scenario_check_equal(lseek(file, 0, SEEK_CUR), position + 1);
	scenario_call(close(other));
}

static void check_end(int other)
{
	char byte;

	scenario_check_equal(write(other, "x", 1), 1);
	scenario_check_equal(read(ends[0], &byte, 1), 1);
	scenario_call(close(other));
}

static void check(const struct connections *connections, const char *name)
{
	int server = unix_accept(connections->listener), fds[2];

	unix_receive_fds(server, "with two", fds, 2);
	check_file(fds[0]);
	check_end(fds[1]);
	unix_receive_fds(server, "itself", fds, 1);
	unix_receive_fds(server, "without", NULL, 0);
	unix_check_connected(fds[0], server);
	scenario_call(close(fds[0]));
	unix_check_connected(connections->client, server);

	server = unix_accept(connections->listener);
	unix_receive_fds(server, "the file", fds, 1);
	check_file(fds[0]);
	unix_hear_end(server);
	unix_check_serves(connections->listener, connections->type, name);
}

int main(void)
{
	struct connections streams, packets;

	file = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(write(file, "contents", 8), 8);
	scenario_call(lseek(file, 2, SEEK_SET));
	scenario_call(pipe(ends));
	make(&streams, SOCK_STREAM, "streams");
	make(&packets, SOCK_SEQPACKET, "@packets");

	scenario_checkpoint();
	check(&streams, "streams");
	check(&packets, "@packets");
	scenario_pass();
}
