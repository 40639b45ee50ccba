/* SPDX-License-Identifier: MIT */
/* A socket whose file has lost the name that it was bound to, but has another (link(2)), is found by that. */
#include "unix_sockets.h"

int main(void)
{
	int fd = unix_new(SOCK_DGRAM);

	scenario_call(mkdir("folder", 0700));
	unix_bind(fd, "first");
	scenario_call(link("first", "folder/second"));
	scenario_call(unlink("first"));

	scenario_checkpoint();
	unix_check_names(fd, "first", NULL);
	scenario_check(access("first", F_OK) < 0);
	unix_say_to(unix_new(SOCK_DGRAM), "folder/second", "found");
	unix_hear(fd, "found");
	scenario_pass();
}
