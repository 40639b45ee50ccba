/* SPDX-License-Identifier: MIT */
/* Changes options of sockets that somebody else puts back if need be. */
#include "dumper/fd/option_guard.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SLOTS_FEW 8

struct guarded_option {
	int fd, level, number, old_value;
};

/* In memory that both processes see. */
struct option_guard {
	pid_t pid;     /* of the other process */
	int our_pidfd; /* of the one that is guarded */
	size_t size;   /* of all this */
	unsigned capacity;
	atomic_uint count; /* options that are to be put back */
	struct guarded_option options[];
};

static void put_back(const struct option_guard *guard, unsigned count)
{
	while (count-- > 0) {
		const struct guarded_option *option = &guard->options[count];

		(void)setsockopt(option->fd, option->level, option->number, &option->old_value,
				 sizeof(option->old_value));
	}
}

/* The other process: waits until its parent is no more. */
static _Noreturn void watch(struct option_guard *guard)
{
	struct pollfd parent = {.fd = guard->our_pidfd, .events = POLLIN};

	while (poll(&parent, 1, -1) != 1)
		continue;
	put_back(guard, atomic_load(&guard->count));
	_exit(0);
}

static int start(struct option_guard *guard)
{
	struct clone_args arguments = {.flags = CLONE_FILES};
	sigset_t all, before;
	long pid;
	int r;

	guard->our_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (guard->our_pidfd < 0)
		return -errno;
	/* What a terminal sends to all is not for it, from its first moment on. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	r = pid < 0 ? -errno : 0;
	if (pid == 0)
		watch(guard);
	sigprocmask(SIG_SETMASK, &before, NULL);
	guard->pid = (pid_t)pid;
	return r;
}

int option_guard_new_for(size_t count, struct option_guard **ret_guard)
{
	size_t size = sizeof(struct option_guard) + count * sizeof(struct guarded_option);
	struct option_guard *guard =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (guard == MAP_FAILED)
		return -errno;
	guard->size = size;
	guard->capacity = (unsigned)count;
	r = start(guard);
	if (r < 0) {
		close_pointer(&guard->our_pidfd);
		munmap(guard, size);
		return r;
	}
	*ret_guard = guard;
	return 0;
}

int option_guard_new(struct option_guard **ret_guard)
{
	return option_guard_new_for(SLOTS_FEW, ret_guard);
}

void option_guard_free(struct option_guard *guard)
{
	if (!guard)
		return;
	option_guard_restore(guard);
	kill(guard->pid, SIGKILL);
	while (waitpid(guard->pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	close_pointer(&guard->our_pidfd);
	munmap(guard, guard->size);
}

static bool is_noted(const struct option_guard *guard, int fd, int level, int number)
{
	for (unsigned i = 0; i < atomic_load(&guard->count); i++) {
		const struct guarded_option *option = &guard->options[i];

		if (option->fd == fd && option->level == level && option->number == number)
			return true;
	}
	return false;
}

int option_guard_note(struct option_guard *guard, int fd, int level, int number, int value)
{
	unsigned count = atomic_load(&guard->count);

	if (count == guard->capacity)
		return -ENOBUFS;
	guard->options[count] = (struct guarded_option){fd, level, number, value};
	atomic_store(&guard->count, count + 1);
	return 0;
}

int option_guard_set(struct option_guard *guard, int fd, int level, int number, int value)
{
	int old_value = 0;
	socklen_t size = sizeof(old_value);

	if (getsockopt(fd, level, number, &old_value, &size) < 0)
		return -errno;
	if (old_value == value)
		return 0;
	if (!is_noted(guard, fd, level, number)) {
		int r = option_guard_note(guard, fd, level, number, old_value);

		if (r < 0)
			return r;
	}
	return setsockopt(fd, level, number, &value, sizeof(value)) < 0 ? -errno : 0;
}

void option_guard_forget(struct option_guard *guard)
{
	atomic_store(&guard->count, 0);
}

void option_guard_restore(struct option_guard *guard)
{
	put_back(guard, atomic_load(&guard->count));
	atomic_store(&guard->count, 0);
}
