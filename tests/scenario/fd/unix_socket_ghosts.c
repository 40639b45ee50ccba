/* SPDX-License-Identifier: MIT */
/* Sockets whose file was removed, moved or replaced: they keep their names, and files are what they were. */
#include "unix_sockets.h"

int main(void)
{
	struct stat st;
	int removed, replaced, replacing, moved, temporary, file, folder, client, server;

	removed = unix_listen(SOCK_STREAM, "removed", 3);
	client = unix_client(SOCK_STREAM, "removed");
	server = unix_accept(removed);
	scenario_call(unlink("removed"));
	replaced = unix_new(SOCK_DGRAM);
	unix_bind(replaced, "replaced");
	scenario_call(unlink("replaced"));
	replacing = unix_new(SOCK_DGRAM);
	unix_bind(replacing, "replaced");
	/* As servers do that must not be found before they are ready. */
	temporary = unix_listen(SOCK_STREAM, "temporary", 3);
	scenario_call(rename("temporary", "final"));
	moved = unix_new(SOCK_DGRAM);
	unix_bind(moved, "moved");
	scenario_call(mkdir("folder", 0700));
	scenario_call(rename("moved", "folder/moved"));
	file = unix_new(SOCK_DGRAM);
	unix_bind(file, "file");
	scenario_call(unlink("file"));
	scenario_create("file", 0600);
	scenario_call(mkdir("gone", 0700));
	folder = unix_new(SOCK_DGRAM);
	unix_bind(folder, "gone/socket");
	scenario_call(unlink("gone/socket"));
	scenario_call(rmdir("gone"));

	scenario_checkpoint();
	unix_check_names(removed, "removed", NULL);
	unix_check_names(server, "removed", "");
	unix_check_connected(client, server);
	scenario_check(access("removed", F_OK) < 0 && errno == ENOENT);
	unix_check_names(replaced, "replaced", NULL);
	unix_say_to(unix_new(SOCK_DGRAM), "replaced", "found");
	unix_hear_nothing(replaced);
	unix_hear(replacing, "found");
	unix_check_names(temporary, "temporary", NULL);
	scenario_check(access("temporary", F_OK) < 0);
	unix_check_serves(temporary, SOCK_STREAM, "final");
	unix_check_names(moved, "moved", NULL);
	unix_say_to(unix_new(SOCK_DGRAM), "folder/moved", "found");
	unix_hear(moved, "found");
	unix_check_names(file, "file", NULL);
	scenario_call(lstat("file", &st));
	scenario_check(S_ISREG(st.st_mode));
	unix_check_names(folder, "gone/socket", NULL);
	scenario_check(access("gone", F_OK) < 0);
	scenario_pass();
}
