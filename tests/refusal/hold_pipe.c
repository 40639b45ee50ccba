/* SPDX-License-Identifier: MIT */
/* Makes pipes and FIFOs in states that cannot be preserved. */
#include "hold_pipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Data that nobody can read, and an end that hears when somebody can. */
static int open_unread(void)
{
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], "data", 4) != 4 || fcntl(ends[1], F_SETFL, O_ASYNC) < 0)
		return -1;
	close(ends[0]);
	return ends[1];
}

/* Makes a FIFO in a directory of its own; PATH is "/tmp/cr-fifo.XXXXXX/fifo". */
static int make_fifo(char *path)
{
	char *slash = strrchr(path, '/');

	*slash = '\0';
	if (!mkdtemp(path))
		return -1;
	*slash = '/';
	return mkfifo(path, 0600);
}

static void remove_fifo(char *path)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

/* A reader that came when data was there and the writer had gone. */
static int open_late_reader(void)
{
	char path[] = "/tmp/cr-fifo.XXXXXX/fifo";
	int reader, writer, late;

	if (make_fifo(path) < 0)
		return -1;
	reader = open(path, O_RDONLY | O_NONBLOCK);
	writer = open(path, O_WRONLY | O_NONBLOCK);
	if (reader < 0 || writer < 0 || write(writer, "data", 4) != 4 || close(writer) < 0)
		return -1;
	late = open(path, O_RDONLY | O_NONBLOCK);
	remove_fifo(path);
	return late;
}

/* Deleted, so that it cannot be opened in the same way again. */
static int open_not_followed(void)
{
	char path[] = "/tmp/cr-fifo.XXXXXX/fifo";
	int fd = make_fifo(path);

	if (fd == 0)
		fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
	remove_fifo(path);
	return fd;
}

static const struct {
	const char *name;
	int (*open)(void);
} kinds[] = {
	{"pipe-unread", open_unread},
	{"fifo-late-reader", open_late_reader},
	{"fifo-not-followed", open_not_followed},
};

int hold_pipe(const char *what)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(what, kinds[i].name) == 0)
			return kinds[i].open();
	return -2;
}
