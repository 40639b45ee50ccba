/* SPDX-License-Identifier: MIT */
/* A FIFO, a file and a socket, each deleted, with another of them in its place. */
/* no-compare */
#include "unix_sockets.h"

int main(void)
{
	int replaced = unix_new(SOCK_DGRAM), replacing = unix_new(SOCK_DGRAM),
	    over_file = unix_new(SOCK_DGRAM);
	int client, fifo, old_fifo, old_file, server;
	struct stat st;
	char byte;

	unix_bind(replaced, "socket-fifo");
	client = unix_client(SOCK_DGRAM, "socket-fifo");
	scenario_call(unlink("socket-fifo"));
	scenario_call(mkfifo("socket-fifo", 0600));
	fifo = scenario_call(open("socket-fifo", O_RDWR | O_NONBLOCK));
	scenario_check_equal(write(fifo, "a", 1), 1);

	scenario_call(mkfifo("fifo-socket", 0600));
	old_fifo = scenario_call(open("fifo-socket", O_RDWR | O_NONBLOCK));
	scenario_check_equal(write(old_fifo, "b", 1), 1);
	scenario_call(unlink("fifo-socket"));
	unix_bind(replacing, "fifo-socket");

	old_file = scenario_call(open("file-socket", O_RDWR | O_CREAT, 0600));
	scenario_check_equal(pwrite(old_file, "c", 1, 0), 1);
	scenario_call(unlink("file-socket"));
	unix_bind(over_file, "file-socket");
	scenario_call(listen(server = unix_listen(SOCK_STREAM, "stream", 2), 3));
	scenario_call(unlink("stream"));
	scenario_call(mkdir("stream", 0700));

	scenario_checkpoint();
	unix_say(client, "found");
	unix_hear(replaced, "found");
	scenario_check_equal(read(fifo, &byte, 1), 1);
	scenario_check_equal(byte, 'a');
	scenario_call(lstat("socket-fifo", &st));
	scenario_check(S_ISFIFO(st.st_mode));
	scenario_check_equal(read(old_fifo, &byte, 1), 1);
	scenario_check_equal(byte, 'b');
	unix_say_to(unix_new(SOCK_DGRAM), "fifo-socket", "found");
	unix_hear(replacing, "found");
	scenario_check_equal(pread(old_file, &byte, 1, 0), 1);
	scenario_check_equal(byte, 'c');
	unix_say_to(unix_new(SOCK_DGRAM), "file-socket", "found");
	unix_hear(over_file, "found");
	unix_check_names(server, "stream", NULL);
	scenario_call(lstat("stream", &st));
	scenario_check(S_ISDIR(st.st_mode));
	scenario_pass();
}
