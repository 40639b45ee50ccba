/* SPDX-License-Identifier: MIT */
/* The namespaces in which the program and both tools run. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

/* The host was not started as long ago as the clocks say, and not at the same time for both. */
#define TIME_OFFSETS "monotonic 9504000 0\nboottime 3456000 0\n"

/* The loopback device of a new network namespace is down at first. */
static int raise_loopback(void)
{
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* Only who is alone in a new time namespace can set its clocks, and that is nobody but its maker, from
 * outside. */
static int enter_time_namespace(void)
{
	cleanup_close int offsets = -EBADF, own = -EBADF;

	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (offsets < 0 || file_write_full(offsets, TIME_OFFSETS, strlen(TIME_OFFSETS)) < 0)
		return -errno;
	own = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return own < 0 || setns(own, CLONE_NEWTIME) < 0 ? -errno : 0;
}

static int mount_proc(void)
{
	return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ? -errno : 0;
}

static int mount_terminals(void)
{
	umount2("/dev/pts", MNT_DETACH);
	if (mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") < 0 ||
	    mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL) < 0)
		return -errno;
	return 0;
}

/* As process 1 of the new pid namespace. The old /proc is that of another, so the clocks come first. */
static int enter(const struct run *run)
{
	int r = run->use_namespaces ? enter_time_namespace() : 0;

	/* Not that of the runner, where what the program mounts would be in the way of cleaning up. */
	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		r = -errno;
	if (r == 0 &&
	    mount(NULL, "/", NULL, MS_REC | (run->use_namespaces ? MS_SLAVE : MS_PRIVATE), NULL) < 0)
		r = -errno;
	if (r == 0 && run->use_namespaces)
		umount2("/proc", MNT_DETACH);
	if (r == 0)
		r = mount_proc();
	if (r == 0 && run->use_namespaces)
		r = mount_terminals();
	if (r == 0 && run->use_namespaces)
		r = raise_loopback();
	return r;
}

/* Whatever is left over dies with the pid namespace, and what belongs to no process with that of IPC. */
static int run_in_namespaces(struct run *run)
{
	int flags = CLONE_NEWPID | CLONE_NEWIPC | (run->use_namespaces ? CLONE_NEWNET : 0);
	int status, r;
	pid_t pid;

	if (unshare(flags) < 0)
		return run_failed("cannot make namespaces: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return run_failed("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		r = enter(run);
		if (r < 0)
			_exit(run_failed("cannot set up the new namespaces: %s", strerror(-r)));
		exit(run_once(run));
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return run_failed("the runner itself died");
	return WEXITSTATUS(status);
}

int environment_run(struct run *run)
{
	if (run->use_network_namespace && !run->use_namespaces &&
	    (unshare(CLONE_NEWNET) < 0 || raise_loopback() < 0))
		return run_failed("cannot make a network namespace: %s", strerror(errno));
	return run->use_pid_namespace || run->use_namespaces ? run_in_namespaces(run) : run_once(run);
}
