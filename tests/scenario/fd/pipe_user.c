/* SPDX-License-Identifier: MIT */
/* A pipe belongs to whom it belonged, so that a program of another user can open it again (/dev/stdout). */
/* user: 65534 */
#include <sys/stat.h>

#include "pipes.h"

int main(void)
{
	struct pipe_pair pair = pipes_make(0), changed = pipes_make(0);
	struct stat before, after;
	int again;

	scenario_call(fchmod(changed.read_fd, 0640));
	scenario_call(fstat(changed.write_fd, &before));

	scenario_checkpoint();
	again = pipes_open_again(pair.read_fd, O_WRONLY);
	pipes_write(again, "seen", 4);
	pipes_read_text(pair.read_fd, "seen");
	scenario_call(fstat(changed.read_fd, &after));
	scenario_check_equal(after.st_mode, before.st_mode);
	scenario_check_equal(after.st_uid, before.st_uid);
	scenario_check_equal(after.st_gid, before.st_gid);
	scenario_pass();
}
