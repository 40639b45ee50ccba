/* SPDX-License-Identifier: MIT */
/* What vmsplice(2), splice(2) and tee(2) have put into a pipe comes back as its bytes. */
#include <sys/mman.h>
#include <sys/uio.h>

#include "pipes.h"

#define SIZE 20000

static char data[SIZE] __attribute__((aligned(4096)));

int main(void)
{
	struct pipe_pair from_memory = pipes_make(O_NONBLOCK), from_file = pipes_make(O_NONBLOCK);
	struct pipe_pair from_pipe = pipes_make(O_NONBLOCK), gifted = pipes_make(O_NONBLOCK);
	struct iovec part = {data + 100, SIZE - 100};
	int fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	void *gift = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	loff_t offset = 1000;

	scenario_check(gift != MAP_FAILED);
	scenario_fill(data + 100, SIZE - 100, 1);
	scenario_check_equal(vmsplice(from_memory.write_fd, &part, 1, 0), SIZE - 100);
	pipes_write(fd, data, SIZE);
	scenario_check_equal(splice(fd, &offset, from_file.write_fd, NULL, 10000, 0), 10000);
	pipes_write(from_file.write_fd, "and more", 8);
	scenario_check_equal(tee(from_file.read_fd, from_pipe.write_fd, 9000, 0), 9000);
	pipes_write(from_pipe.write_fd, "and more", 8);
	scenario_fill(gift, 8192, 2);
	part = (struct iovec){gift, 8192};
	scenario_check_equal(vmsplice(gifted.write_fd, &part, 1, SPLICE_F_GIFT), 8192);

	scenario_checkpoint();
	pipes_read_filled(from_memory.read_fd, 65536, SIZE - 100, 1);
	pipes_check_empty(from_memory.read_fd);
	pipes_read_filled(gifted.read_fd, 65536, 8192, 2);

	scenario_check_equal(pipes_held(from_file.read_fd), 10008);
	for (int done = 0; done < 10000; done++) {
		char byte;

		scenario_check_equal(read(from_file.read_fd, &byte, 1), 1);
		scenario_check_equal(byte, data[1000 + done]);
	}
	pipes_read_text(from_file.read_fd, "and more");
	pipes_check_empty(from_file.read_fd);
	for (int done = 0; done < 9000; done++) {
		char byte;

		scenario_check_equal(read(from_pipe.read_fd, &byte, 1), 1);
		scenario_check_equal(byte, data[1000 + done]);
	}
	pipes_read_text(from_pipe.read_fd, "and more");
	scenario_check_equal(splice(fd, &offset, from_pipe.write_fd, NULL, 100, 0), 100);
	scenario_pass();
}
