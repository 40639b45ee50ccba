/* SPDX-License-Identifier: MIT */
/* Messages in a queue bring the credentials of who has sent them, and parts of a stream are not joined over
 * them. */
/* needs: root */
#include <sys/wait.h>

#include "unix_sockets.h"

/* PID 0: none. */
static void hear_as(int fd, const char *text, pid_t pid, uid_t uid, gid_t gid)
{
	_Alignas(struct cmsghdr) char control[256] = {0};
	char buffer[64];
	struct iovec part = {buffer, sizeof(buffer)};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 256};
	struct ucred credentials;
	struct cmsghdr *header;

	scenario_check_equal(recvmsg(fd, &message, MSG_DONTWAIT), strlen(text));
	scenario_check(memcmp(buffer, text, strlen(text)) == 0);
	header = CMSG_FIRSTHDR(&message);
	scenario_check(header && header->cmsg_type == SCM_CREDENTIALS);
	memcpy(&credentials, CMSG_DATA(header), sizeof(credentials));
	scenario_check_equal(credentials.pid, pid);
	scenario_check_equal(credentials.uid, pid ? uid : 65534);
	scenario_check_equal(credentials.gid, pid ? gid : 65534);
}

static pid_t say_as(int fd, const char *text, uid_t uid, gid_t gid)
{
	pid_t child = scenario_call(fork());
	int status;

	if (child == 0) {
		scenario_call(setgid(gid));
		scenario_call(setuid(uid));
		unix_say(fd, text);
		_exit(0);
	}
	scenario_call(waitpid(child, &status, 0));
	scenario_check_equal(status, 0);
	return child;
}

int main(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	int pairs[3][2], plain[2];
	pid_t children[3][2];

	for (int i = 0; i < 3; i++) {
		scenario_call(socketpair(AF_UNIX, types[i], 0, pairs[i]));
		unix_say(pairs[i][0], "nobody asks yet");
		unix_set_option(pairs[i][1], SO_PASSCRED, 1);
		unix_say(pairs[i][0], "first");
		children[i][0] = say_as(pairs[i][0], "second", 1000, 2000);
		children[i][1] = say_as(pairs[i][0], "third", 3000, 4000);
		unix_say(pairs[i][0], "last");
	}
	scenario_call(socketpair(AF_UNIX, SOCK_STREAM, 0, plain));
	unix_say(plain[0], "asked for ");
	unix_say(plain[0], "too late");

	scenario_checkpoint();
	for (int i = 0; i < 3; i++) {
		scenario_check_equal(unix_option(pairs[i][1], SO_PASSCRED), 1);
		scenario_check_equal(unix_option(pairs[i][0], SO_PASSCRED), 0);
		hear_as(pairs[i][1], "nobody asks yet", 0, 0, 0);
		hear_as(pairs[i][1], "first", getpid(), 0, 0);
		hear_as(pairs[i][1], "second", children[i][0], 1000, 2000);
		hear_as(pairs[i][1], "third", children[i][1], 3000, 4000);
		hear_as(pairs[i][1], "last", getpid(), 0, 0);
		unix_say(pairs[i][0], "new");
		hear_as(pairs[i][1], "new", getpid(), 0, 0);
	}
	unix_set_option(plain[1], SO_PASSCRED, 1);
	hear_as(plain[1], "asked for too late", 0, 0, 0);
	scenario_pass();
}
