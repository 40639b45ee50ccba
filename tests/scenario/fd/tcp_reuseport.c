/* SPDX-License-Identifier: MIT */
/* network */
/* A group of processes that each listen on one port (SO_REUSEPORT) share connections as before. */
#include <sys/wait.h>

#include "sockets.h"

#define MEMBERS 4
#define CONNECTIONS 80

static int listening(void)
{
	int fd = scenario_call(socket(AF_INET, SOCK_STREAM, 0));

	sockets_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	sockets_bind(fd, "127.0.0.1", 4001);
	scenario_call(listen(fd, 128));
	return fd;
}

/* Answers with its number until it is told to end. */
static void serve(const int *fds, char number)
{
	int fd = fds[(int)number];

	for (int i = 0; i < MEMBERS; i++)
		if (i != number)
			close(fds[i]);
	for (;;) {
		int connection = scenario_call(accept(fd, NULL, NULL));
		char byte;

		if (recv(connection, &byte, 1, 0) == 1) {
			sockets_send(connection, &number, 1);
			if (byte == 'q')
				_exit(0);
		}
		close(connection);
	}
}

static char ask(char question)
{
	int fd = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	char answer = 0;

	sockets_connect(fd, "127.0.0.1", 4001);
	sockets_send(fd, &question, 1);
	scenario_check_equal(recv(fd, &answer, 1, 0), 1);
	/* When it has closed its end it is done with it. */
	shutdown(fd, SHUT_WR);
	scenario_check_equal(recv(fd, &question, 1, 0), 0);
	close(fd);
	return answer;
}

static void check_shares(void)
{
	int counts[MEMBERS] = {0};

	for (int i = 0; i < CONNECTIONS; i++)
		counts[(int)ask('a')]++;
	for (int i = 0; i < MEMBERS; i++)
		scenario_check(counts[i] > 0);
}

int main(void)
{
	int fds[MEMBERS];

	for (int i = 0; i < MEMBERS; i++)
		fds[i] = listening();
	for (char i = 0; i < MEMBERS; i++)
		if (scenario_call(fork()) == 0)
			serve(fds, i);
	for (int i = 0; i < MEMBERS; i++)
		close(fds[i]);
	check_shares();

	scenario_checkpoint();
	check_shares();
	/* One that ends takes with it what waits for it alone. */
	for (int left = MEMBERS; left > 0; left--) {
		ask('q');
		scenario_call(wait(NULL));
	}
	scenario_pass();
}
