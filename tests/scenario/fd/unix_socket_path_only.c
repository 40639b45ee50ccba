/* SPDX-License-Identifier: MIT */
/* Descriptors of the files of sockets, opened with O_PATH or got from the socket itself: they lead to it
 * still. */
/* needs: root */
/* no-compare */
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "unix_sockets.h"

/* <linux/un.h>, which does not go with <sys/un.h> */
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)

/* Who sends to the file is heard by the socket. */
static void check_leads_to(int file_fd, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file_fd);
	unix_say_to(unix_new(SOCK_DGRAM), path, "by the file");
	unix_hear(fd, "by the file");
}

static void check_same(int file_fd, const char *path)
{
	struct stat left, right;

	scenario_call(fstat(file_fd, &left));
	scenario_call(lstat(path, &right));
	scenario_check(S_ISSOCK(left.st_mode));
	scenario_check_equal(left.st_ino, right.st_ino);
	scenario_check(fcntl(file_fd, F_GETFL) & O_PATH);
}

int main(void)
{
	int live = unix_new(SOCK_DGRAM), removed = unix_new(SOCK_DGRAM), listener;
	int opened, asked, of_removed, asked_of_removed, of_listener;

	unix_bind(live, "live");
	unix_bind(removed, "removed");
	opened = scenario_call(open("live", O_PATH));
	asked = scenario_call(ioctl(live, SIOCUNIXFILE));
	of_removed = scenario_call(open("removed", O_PATH));
	asked_of_removed = scenario_call(ioctl(removed, SIOCUNIXFILE));
	scenario_call(unlink("removed"));
	listener = unix_listen(SOCK_STREAM, "listening", 3);
	of_listener = scenario_call(open("listening", O_PATH));

	scenario_checkpoint();
	check_same(opened, "live");
	check_same(asked, "live");
	check_leads_to(opened, live);
	check_leads_to(asked, live);
	check_leads_to(of_removed, removed);
	check_leads_to(asked_of_removed, removed);
	scenario_check(access("removed", F_OK) < 0 && errno == ENOENT);
	check_same(of_listener, "listening");
	unix_check_serves(listener, SOCK_STREAM, "listening");
	scenario_pass();
}
