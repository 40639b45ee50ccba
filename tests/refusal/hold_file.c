/* SPDX-License-Identifier: MIT */
/* What a target can hold of files in odd states, and of locks. */
#include "hold_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static int move(int fd, int wanted)
{
	if (fd < 0 || dup2(fd, wanted) < 0)
		return -1;
	return fd == wanted ? 0 : close(fd);
}

/* After it has its number: a POSIX lock goes when any descriptor of the file is closed. */
static int hold_lock(const char *path, int command, int wanted)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};

	if (command == F_SETLEASE) {
		if (signal(SIGIO, SIG_IGN) == SIG_ERR || move(open(path, O_RDONLY), wanted) < 0)
			return -1;
		return fcntl(wanted, command, F_RDLCK);
	}
	return move(open(path, O_RDWR), wanted) < 0 ? -1 : fcntl(wanted, command, &lock);
}

static int hold_secret_memory(int wanted)
{
	if (move((int)syscall(SYS_memfd_secret, 0), wanted) < 0 || ftruncate(wanted, 4096) < 0)
		return -1;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, wanted, 0) == MAP_FAILED ? -1 : 0;
}

static void *wait_for_lock(void *argument)
{
	const int *fd = argument;

	if (flock(*fd, LOCK_EX) < 0)
		abort();
	return NULL;
}

/* Another thread waits, and will have it. */
static int hold_wait(const char *path, int wanted)
{
	static int fd;
	pthread_t thread;

	fd = wanted;
	if (move(open(path, O_RDWR), wanted) < 0)
		return -1;
	errno = pthread_create(&thread, NULL, wait_for_lock, &fd);
	return errno ? -1 : 0;
}

int hold_file(const char *what, int fd)
{
	static const struct {
		const char *prefix;
		int command;
	} locks[] = {{"posix-lock=", F_SETLK}, {"ofd-lock=", F_OFD_SETLK}, {"lease=", F_SETLEASE}};

	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
		size_t length = strlen(locks[i].prefix);

		if (strncmp(what, locks[i].prefix, length) == 0)
			return hold_lock(what + length, locks[i].command, fd);
	}
	if (strncmp(what, "wait=", 5) == 0)
		return hold_wait(what + 5, fd);
	if (strcmp(what, "memfd") == 0)
		return move(memfd_create("target", MFD_CLOEXEC), fd);
	if (strcmp(what, "secret-memory") == 0)
		return hold_secret_memory(fd);
	return -2;
}
