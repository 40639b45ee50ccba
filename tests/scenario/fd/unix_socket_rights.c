/* SPDX-License-Identifier: MIT */
/* Descriptors on their way in queues arrive: of files that are open elsewhere as well, and of others. */
#include "unix_sockets.h"

static int make_file(const char *name, const char *text)
{
	int fd = scenario_call(open(name, O_RDWR | O_CREAT, 0600));

	scenario_check_equal(write(fd, text, strlen(text)), strlen(text));
	scenario_call(lseek(fd, 2, SEEK_SET));
	return fd;
}

static void check_file(int fd, const char *text)
{
	char buffer[16];

	scenario_check_equal(read(fd, buffer, sizeof(buffer)), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
}

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[3][2], kept = make_file("kept", "abcdef"), sent = make_file("sent", "uvwxyz"), inner[2];
	int received[3];

	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		unix_say(pairs[i][0], "before");
		unix_send_fds(pairs[i][0], "with two", (int[]){kept, sent}, 2);
		unix_say(pairs[i][0], "between");
		unix_send_fds(pairs[i][0], "with one", &kept, 1);
		unix_send_fds(pairs[i][0], "again", &sent, 1);
	}
	close(sent);
	/* A pair that is nowhere but in a queue, with something in its own. */
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, inner));
	unix_say(inner[0], "inside");
	unix_send_fds(pairs[1][0], "the pair", inner, 2);
	close(inner[0]);
	close(inner[1]);

	scenario_checkpoint();
	unix_receive_fds(pairs[0][1], "beforewith two", received, 2);
	check_file(received[1], "wxyz");
	scenario_check_equal(lseek(received[0], 3, SEEK_SET), 3);
	scenario_check_equal(lseek(kept, 0, SEEK_CUR), 3);
	unix_receive_fds(pairs[0][1], "betweenwith one", received, 1);
	unix_receive_fds(pairs[0][1], "again", received, 1);
	scenario_check_equal(lseek(received[0], 0, SEEK_CUR), 6);
	for (int i = 1; i < 3; i++) {
		unix_hear(pairs[i][1], "before");
		unix_receive_fds(pairs[i][1], "with two", received, 2);
		scenario_check_equal(lseek(received[1], 0, SEEK_CUR), 6);
		unix_receive_fds(pairs[i][1], "between", NULL, 0);
		unix_receive_fds(pairs[i][1], "with one", received, 1);
		scenario_check_equal(lseek(received[0], 0, SEEK_CUR), 3);
		unix_receive_fds(pairs[i][1], "again", received, 1);
	}
	unix_receive_fds(pairs[1][1], "the pair", inner, 2);
	unix_hear(inner[1], "inside");
	unix_check_connected(inner[0], inner[1]);
	for (int i = 0; i < 3; i++)
		unix_hear_nothing(pairs[i][1]);
	scenario_pass();
}
