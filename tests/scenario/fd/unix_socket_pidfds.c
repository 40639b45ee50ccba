/* SPDX-License-Identifier: MIT */
/* Messages of sockets that are told who has sent them: credentials, pidfds (SO_PASSPIDFD), security labels;
 * and a pidfd asked for of the peer (SO_PEERPIDFD). */
#include <stdlib.h>

#include "unix_sockets.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

static pid_t pid_of(int pidfd)
{
	char path[64], line[128];
	FILE *file;
	int pid = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "r");
	scenario_check(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Pid: %d", &pid);
	fclose(file);
	return pid;
}

static void check(int fd, const char *text, pid_t pid, bool has_credentials, bool has_pidfd)
{
	_Alignas(struct cmsghdr) char control[512];
	char buffer[64];
	struct iovec part = {buffer, sizeof(buffer)};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	bool saw_credentials = false, saw_pidfd = false;
	struct ucred credentials;
	int pidfd;

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&credentials, CMSG_DATA(header), sizeof(credentials));
			scenario_check_equal(credentials.pid, pid);
			scenario_check_equal(credentials.uid, getuid());
			saw_credentials = true;
		} else if (header->cmsg_type == SCM_PIDFD) {
			memcpy(&pidfd, CMSG_DATA(header), sizeof(pidfd));
			scenario_check_equal(pid_of(pidfd), pid);
			close(pidfd);
			saw_pidfd = true;
		}
	}
	scenario_check_equal(saw_credentials, has_credentials);
	scenario_check_equal(saw_pidfd, has_pidfd);
}

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[3][2], one = 1;
	pid_t child;

	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		if (setsockopt(pairs[i][1], SOL_SOCKET, SO_PASSPIDFD, &one, sizeof(one)) < 0)
			scenario_skip("SO_PASSPIDFD: %s", strerror(errno));
		unix_set_option(pairs[i][1], SO_PASSSEC, 1);
		unix_set_option(pairs[i][0], SO_PASSCRED, 1);
	}
	child = scenario_fork();
	if (child == 0) {
		for (int i = 0; i < 3; i++)
			unix_say(pairs[i][0], "by the child");
		scenario_mark("sent");
		scenario_join();
		exit(0);
	}
	scenario_await("sent");
	for (int i = 0; i < 3; i++) {
		unix_say(pairs[i][0], "by me");
		unix_say(pairs[i][1], "back");
	}

	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		int pidfd;
		socklen_t size = sizeof(pidfd);

		check(pairs[i][1], "by the child", child, false, true);
		check(pairs[i][1], "by me", getpid(), false, true);
		check(pairs[i][0], "back", getpid(), true, false);
		scenario_check_equal(unix_option(pairs[i][1], SO_PASSPIDFD), 1);
		scenario_check_equal(unix_option(pairs[i][1], SO_PASSSEC), 1);
		scenario_call(getsockopt(pairs[i][0], SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size));
		scenario_check_equal(pid_of(pidfd), getpid());
	}
	scenario_reap(child, 0);
	scenario_pass();
}
