/* SPDX-License-Identifier: MIT */
/* Clients of datagram servers outside are connected again: names, what had come from there, options,
 * shutdown. */
/* dump-options: --ext-unix-sk */
/* restore-options: --ext-unix-sk */
#include <limits.h>
#include <stdlib.h>

#include "unix_sockets.h"

#define LIFE_MS 60000

static char server_path[64], client_path[64];

/* Outside: answers whoever has a name, and keeps all that it hears in a file, until the folder is gone. */
static void serve(pid_t pid)
{
	int by_path = unix_new(SOCK_DGRAM), abstract = unix_new(SOCK_DGRAM);
	int log = scenario_call(open("heard", O_WRONLY | O_CREAT | O_APPEND, 0600));
	struct stat st;

	(void)pid;
	unix_bind(by_path, "server.new");
	unix_bind(abstract, "@external");
	scenario_call(rename("server.new", "server"));
	for (int i = 0; i < LIFE_MS / 2; i++) {
		struct pollfd states[] = {{by_path, POLLIN, 0}, {abstract, POLLIN, 0}};

		for (int k = 0; poll(states, 2, 2) > 0 && k < 2; k++) {
			struct sockaddr_un from;
			socklen_t size = sizeof(from);
			char text[64];
			ssize_t length = recvfrom(states[k].fd, text, sizeof(text) - 1, MSG_DONTWAIT,
						  (struct sockaddr *)&from, &size);

			if (length < 0)
				continue;
			if (size > sizeof(sa_family_t))
				(void)sendto(states[k].fd, "answer", 6, MSG_DONTWAIT,
					     (struct sockaddr *)&from, size);
			text[length++] = '\n';
			(void)!write(log, text, (size_t)length);
		}
		if (stat(".", &st) < 0 || st.st_nlink == 0)
			exit(0);
	}
	exit(0);
}

static bool has_heard(const char *text)
{
	static char all[65536];
	int fd = scenario_call(open("heard", O_RDONLY));
	ssize_t size = scenario_call(read(fd, all, sizeof(all) - 1));

	close(fd);
	all[size] = '\0';
	return strstr(all, text);
}

static void wait_until_heard(const char *text)
{
	for (int i = 0; i < 5000; i++) {
		if (has_heard(text))
			return;
		scenario_sleep_ms(2);
	}
	scenario_fail("the server has not heard '%s'", text);
}

int main(void)
{
	char folder[48], text[64];
	int unnamed, named, abstract, finished, pair[2];

	scenario_check(getcwd(folder, sizeof(folder)));
	snprintf(server_path, sizeof(server_path), "%s/server", folder);
	snprintf(client_path, sizeof(client_path), "%s/client", folder);
	scenario_start_helper(serve);
	while (access("server", F_OK) < 0)
		scenario_sleep_ms(1);
	unnamed = unix_client(SOCK_DGRAM, "server");
	named = unix_new(SOCK_DGRAM);
	unix_bind(named, client_path);
	unix_connect(named, "server");
	unix_say(named, "hello");
	while (unix_poll(named) == POLLOUT)
		scenario_sleep_ms(1);
	abstract = unix_client(SOCK_DGRAM, "@external");
	unix_set_option(abstract, SO_SNDBUF, 30000);
	finished = unix_client(SOCK_DGRAM, "server");
	scenario_call(shutdown(finished, SHUT_WR));
	scenario_call(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	unix_connect(pair[0], "server");

	scenario_checkpoint();
	unix_check_names(unnamed, "", "server.new");
	unix_check_names(named, client_path, "server.new");
	unix_check_names(abstract, "", "@external");
	unix_hear_from(named, "server.new", "answer");
	unix_hear_nothing(named);
	snprintf(text, sizeof(text), "unnamed %lld", (long long)scenario_now_ns(CLOCK_MONOTONIC));
	unix_say(unnamed, text);
	wait_until_heard(text);
	snprintf(text, sizeof(text), "abstract %lld", (long long)scenario_now_ns(CLOCK_MONOTONIC));
	unix_say(abstract, text);
	wait_until_heard(text);
	snprintf(text, sizeof(text), "pair %lld", (long long)scenario_now_ns(CLOCK_MONOTONIC));
	unix_say(pair[0], text);
	wait_until_heard(text);
	unix_say(named, "again");
	for (int i = 0; i < 5000 && unix_poll(named) == POLLOUT; i++)
		scenario_sleep_ms(1);
	unix_hear_from(named, "server.new", "answer");
	scenario_check_equal(unix_option(abstract, SO_SNDBUF), 60000);
	scenario_check(send(finished, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
	unix_check_names(finished, "", "server.new");
	scenario_pass();
}
