/* SPDX-License-Identifier: MIT */
/* FIFOs opened for reading, for writing and for both, with what is in them; others can open them afterwards.
 */
#include <sys/stat.h>

#include "pipes.h"

#define LARGEFILE 0100000 /* as the kernel sees it */

int main(void)
{
	int reader, writer, both, late;

	scenario_call(mkfifo("fifo", 0600));
	scenario_call(mkfifo("for both", 0640));
	reader = scenario_call(open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	writer = scenario_call(open("fifo", O_WRONLY | O_APPEND));
	both = scenario_call(open("for both", O_RDWR | O_NOFOLLOW | O_NONBLOCK));
	scenario_call(fcntl(writer, F_SETPIPE_SZ, 131072));
	pipes_write(writer, "a line\n", 7);
	pipes_write_filled(both, 30000, 1);
	scenario_call(fcntl(writer, F_SETFL, O_DIRECT));
	pipes_write(writer, "packet", 6); /* goes into the buffer that is there */

	scenario_checkpoint();
	scenario_check_equal(fcntl(reader, F_GETFL), LARGEFILE | O_RDONLY | O_NONBLOCK);
	scenario_check_equal(fcntl(reader, F_GETFD), FD_CLOEXEC);
	scenario_check_equal(fcntl(writer, F_GETFL), LARGEFILE | O_WRONLY | O_DIRECT);
	scenario_check_equal(fcntl(both, F_GETFL), LARGEFILE | O_RDWR | O_NOFOLLOW | O_NONBLOCK);
	scenario_check_equal(fcntl(reader, F_GETPIPE_SZ), 131072);
	scenario_check_equal(pipes_poll(writer), POLLOUT);
	scenario_check_equal(pipes_held(reader), 13);
	pipes_read_text(reader, "a line\npacket");
	pipes_check_empty(reader);
	pipes_read_filled(both, 65536, 30000, 1);
	pipes_check_empty(both);

	late = scenario_call(open("fifo", O_WRONLY | O_NONBLOCK));
	pipes_write(late, "late", 4);
	pipes_read_text(reader, "late");
	close(writer);
	pipes_check_empty(reader);
	close(late);
	scenario_check_equal(pipes_poll(reader), POLLHUP);
	pipes_check_end(reader);
	scenario_pass();
}
