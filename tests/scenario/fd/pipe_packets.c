/* SPDX-License-Identifier: MIT */
/* In packet mode (O_DIRECT) each read takes one packet, however many there are and of which size. */
#include "pipes.h"

int main(void)
{
	struct pipe_pair packets = pipes_make(O_DIRECT | O_NONBLOCK), mixed = pipes_make(O_NONBLOCK);

	pipes_write_filled(packets.write_fd, 1, 1);
	pipes_write_filled(packets.write_fd, 1, 2);
	pipes_write_filled(packets.write_fd, 100, 3);
	pipes_write_filled(packets.write_fd, 100, 4);
	pipes_write_filled(packets.write_fd, 4096, 5);
	pipes_write_filled(packets.write_fd, 4095, 6);
	pipes_write_filled(packets.write_fd, 6000, 7); /* two packets */
	pipes_write(packets.write_fd, "the rest is lost", 16);
	pipes_write(packets.write_fd, "last", 4);

	/* The mode is that of the moment of the write. */
	scenario_call(fcntl(mixed.write_fd, F_SETFL, O_NONBLOCK | O_DIRECT));
	pipes_write(mixed.write_fd, "packet", 6);
	pipes_write(mixed.write_fd, "another", 7);
	scenario_call(fcntl(mixed.write_fd, F_SETFL, O_NONBLOCK));
	pipes_write_filled(mixed.write_fd, 3000, 8);
	pipes_write_filled(mixed.write_fd, 1096, 9);
	scenario_call(fcntl(mixed.write_fd, F_SETFL, O_NONBLOCK | O_DIRECT));
	pipes_write(mixed.write_fd, "third", 5);
	scenario_call(fcntl(mixed.write_fd, F_SETFL, O_NONBLOCK));
	pipes_write(mixed.write_fd, "the end", 7);

	scenario_checkpoint();
	scenario_check_equal(fcntl(packets.read_fd, F_GETFL), O_RDONLY | O_NONBLOCK);
	scenario_check_equal(fcntl(packets.write_fd, F_GETFL), O_WRONLY | O_DIRECT | O_NONBLOCK);
	scenario_check_equal(fcntl(mixed.write_fd, F_GETFL), O_WRONLY | O_NONBLOCK);
	pipes_read_filled(packets.read_fd, 65536, 1, 1);
	pipes_read_filled(packets.read_fd, 65536, 1, 2);
	pipes_read_filled(packets.read_fd, 65536, 100, 3);
	pipes_read_filled(packets.read_fd, 65536, 100, 4);
	pipes_read_filled(packets.read_fd, 65536, 4096, 5);
	pipes_read_filled(packets.read_fd, 65536, 4095, 6);
	pipes_read_filled(packets.read_fd, 65536, 4096, 7);
	scenario_check_equal(pipes_held(packets.read_fd), 6000 - 4096 + 16 + 4);
	scenario_check_equal(read(packets.read_fd, (char[4096]){0}, 4096), 6000 - 4096);
	pipes_read_text(packets.read_fd, "the");
	pipes_read_text(packets.read_fd, "last");
	pipes_check_empty(packets.read_fd);
	pipes_write(packets.write_fd, "new", 3);
	pipes_write(packets.write_fd, "ones", 4);
	scenario_check_equal(read(packets.read_fd, (char[64]){0}, 64), 3);
	pipes_read_text(packets.read_fd, "ones");

	scenario_check_equal(read(mixed.read_fd, (char[64]){0}, 64), 6);
	scenario_check_equal(read(mixed.read_fd, (char[64]){0}, 64), 7);
	pipes_read_filled(mixed.read_fd, 3000, 3000, 8);
	scenario_check_equal(read(mixed.read_fd, (char[2000]){0}, 2000), 1096 + 5);
	pipes_read_text(mixed.read_fd, "the end");
	pipes_check_empty(mixed.read_fd);
	scenario_pass();
}
