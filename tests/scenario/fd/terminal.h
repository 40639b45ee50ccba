/* SPDX-License-Identifier: MIT */
/* What the scenarios about terminals share. */
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "scenario.h"

/* Numbers that all processes share, in a file; 0 at first. */
static inline atomic_int *shared_numbers(const char *path, size_t count)
{
	int fd = scenario_call(open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	atomic_int *numbers;

	scenario_call(ftruncate(fd, (off_t)(count * sizeof(*numbers))));
	numbers = scenario_call(
		mmap(NULL, count * sizeof(*numbers), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	scenario_call(close(fd));
	return numbers;
}

struct pair {
	int master, slave;
	char name[64];
};

static inline void pair_open_master(struct pair *pair)
{
	pair->master = scenario_call(posix_openpt(O_RDWR | O_NOCTTY));
	pair->slave = -1;
	scenario_check(grantpt(pair->master) == 0 && unlockpt(pair->master) == 0);
	scenario_check(ptsname_r(pair->master, pair->name, sizeof(pair->name)) == 0);
}

static inline int pair_open_slave(const struct pair *pair)
{
	return scenario_call(open(pair->name, O_RDWR | O_NOCTTY | O_NONBLOCK));
}

/* Both ends, the slave non-blocking. */
static inline void pair_open(struct pair *pair)
{
	pair_open_master(pair);
	pair->slave = pair_open_slave(pair);
}

/* Clears and sets bits of the local flags. */
static inline void change_local(int fd, tcflag_t clear, tcflag_t set)
{
	struct termios settings;

	scenario_call(tcgetattr(fd, &settings));
	settings.c_lflag = (settings.c_lflag & ~clear) | set;
	scenario_call(tcsetattr(fd, TCSANOW, &settings));
}

static inline void make_raw(int fd)
{
	struct termios settings;

	scenario_call(tcgetattr(fd, &settings));
	cfmakeraw(&settings);
	scenario_call(tcsetattr(fd, TCSANOW, &settings));
}

static inline short ready(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI};

	scenario_call(poll(&look, 1, 0));
	return look.revents;
}

/* Waits until FD can be read. */
static inline void await_input(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLIN};

	scenario_check_equal(poll(&look, 1, 5000), 1);
}

static inline int waiting(int fd)
{
	int count;

	scenario_call(ioctl(fd, FIONREAD, &count));
	return count;
}

/* Waits until COUNT bytes can be read from FD. */
static inline void await_waiting(int fd, int count)
{
	for (int i = 0; waiting(fd) != count; i++) {
		if (i == 5000)
			scenario_fail("%d bytes wait, not %d", waiting(fd), count);
		scenario_sleep_ms(1);
	}
}

static inline void put(int fd, const char *text, size_t size)
{
	scenario_check_equal(write(fd, text, size), (ssize_t)size);
}

/* One read must give exactly this. */
static inline void expect(int fd, const char *text, size_t size)
{
	char buffer[8192];
	ssize_t count = read(fd, buffer, sizeof(buffer));

	if (count != (ssize_t)size || memcmp(buffer, text, size) != 0)
		scenario_fail("read %zd bytes '%.*s', not %zu bytes '%.*s'", count,
			      (int)(count > 0 ? count : 0), buffer, size, (int)size, text);
}

#define PUT(fd, text) put((fd), (text), sizeof(text) - 1)
#define EXPECT(fd, text) expect((fd), (text), sizeof(text) - 1)

static inline void expect_error(int fd, int error)
{
	char byte;

	scenario_check_equal(read(fd, &byte, 1), -1);
	scenario_check_equal(errno, error);
}
