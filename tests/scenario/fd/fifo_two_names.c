/* SPDX-License-Identifier: MIT */
/* One FIFO, opened by two of its names, is one afterwards. */
#include <sys/stat.h>

#include "pipes.h"

int main(void)
{
	int reader, writer;

	scenario_call(mkfifo("one", 0600));
	scenario_call(link("one", "two"));
	reader = scenario_call(open("one", O_RDONLY | O_NONBLOCK));
	writer = scenario_call(open("two", O_WRONLY));
	pipes_write(writer, "1", 1);

	scenario_checkpoint();
	pipes_write(writer, "2", 1);
	pipes_read_text(reader, "12");
	pipes_check_empty(reader);
	close(writer);
	pipes_check_end(reader);
	scenario_pass();
}
