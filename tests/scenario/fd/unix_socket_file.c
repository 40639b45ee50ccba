/* SPDX-License-Identifier: MIT */
/* The file of a socket keeps owner and mode, and so does the socket itself. */
/* needs: root */
#include "unix_sockets.h"

static void check_file(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st;

	scenario_call(lstat(path, &st));
	scenario_check_equal(st.st_mode, S_IFSOCK | mode);
	scenario_check_equal(st.st_uid, uid);
	scenario_check_equal(st.st_gid, gid);
}

int main(void)
{
	int plain, changed, socket;
	struct stat st;

	umask(027);
	plain = unix_listen(SOCK_STREAM, "plain", 1);
	changed = unix_new(SOCK_DGRAM);
	unix_bind(changed, "changed");
	scenario_call(chmod("changed", 02606));
	scenario_call(chown("changed", 1000, 2000));
	scenario_call(chmod("changed", 02606));
	socket = unix_new(SOCK_SEQPACKET);
	scenario_call(fchmod(socket, 0640));
	scenario_call(fchown(socket, 1234, 5678));

	scenario_checkpoint();
	check_file("plain", 0750, 0, 0);
	check_file("changed", 02606, 1000, 2000);
	scenario_call(fstat(socket, &st));
	scenario_check_equal(st.st_mode, S_IFSOCK | 0640);
	scenario_check_equal(st.st_uid, 1234);
	scenario_check_equal(st.st_gid, 5678);
	scenario_call(fstat(plain, &st));
	scenario_check_equal(st.st_mode, S_IFSOCK | 0777);
	/* What is bound later takes its mode from there. */
	unix_bind(socket, "later");
	check_file("later", 0640, 0, 0);
	unix_check_serves(plain, SOCK_STREAM, "plain");
	scenario_pass();
}
