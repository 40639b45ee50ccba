/* SPDX-License-Identifier: MIT */
/* Threads and a child that wait for locks of each kind wait on, and get them when they are given up, not
 * before. */
/* dump-options: --file-locks */
/* restore-options: --file-locks */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

static _Atomic pid_t tids[2];
static _Atomic int got[2];

static struct flock range(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
}

static void *wait_flock(void *unused)
{
	int fd = scenario_call(open("flock", O_RDONLY));

	tids[0] = gettid();
	scenario_call(flock(fd, LOCK_EX));
	got[0] = 1;
	return unused;
}

static void *wait_ofd(void *unused)
{
	int fd = scenario_call(open("ofd", O_RDWR));
	struct flock lock = range(F_WRLCK);

	tids[1] = gettid();
	scenario_call(fcntl(fd, F_OFD_SETLKW, &lock));
	got[1] = 1;
	return unused;
}

static pid_t start_child(void)
{
	struct flock lock = range(F_RDLCK);
	pid_t pid = scenario_call(fork());

	if (pid == 0) {
		int fd = open("posix", O_RDWR);

		_exit(fd < 0 || fcntl(fd, F_SETLKW, &lock) < 0);
	}
	return pid;
}

int main(void)
{
	int fds[3] = {scenario_call(open("flock", O_RDWR | O_CREAT, 0600)),
		      scenario_call(open("ofd", O_RDWR | O_CREAT, 0600)),
		      scenario_call(open("posix", O_RDWR | O_CREAT, 0600))};
	struct flock lock = range(F_WRLCK), unlock = range(F_UNLCK);
	pthread_t threads[2];
	int status;
	pid_t child;

	scenario_call(flock(fds[0], LOCK_EX));
	scenario_call(fcntl(fds[1], F_OFD_SETLK, &lock));
	lock.l_pid = 0;
	scenario_call(fcntl(fds[2], F_SETLK, &lock));
	pthread_create(&threads[0], NULL, wait_flock, NULL);
	pthread_create(&threads[1], NULL, wait_ofd, NULL);
	child = start_child();
	while (!tids[0] || !tids[1])
		scenario_sleep_ms(1);
	scenario_wait_blocked(tids[0], SYS_flock);
	scenario_wait_blocked(tids[1], SYS_fcntl);
	scenario_wait_blocked(child, SYS_fcntl);
	scenario_checkpoint();
	scenario_check(!got[0] && !got[1]);
	scenario_check_equal(waitpid(child, &status, WNOHANG), 0);
	scenario_call(flock(fds[0], LOCK_UN));
	scenario_call(fcntl(fds[1], F_OFD_SETLK, &unlock));
	unlock.l_pid = 0;
	scenario_call(fcntl(fds[2], F_SETLK, &unlock));
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	scenario_check(got[0] && got[1]);
	scenario_check_equal(waitpid(child, &status, 0), child);
	scenario_check_equal(status, 0);
	scenario_pass();
}
