/* SPDX-License-Identifier: MIT */
/* The process 1 of --new-pid-ns: what it tells who is outside, and what it does while the program runs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_status.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "restorer/fd/shell_terminal.h"
#include "restorer/pid_namespace.h"
#include "restorer/pid_namespace_notice.h"
#include "restorer/restore.h"
#include "restorer/wait.h"

int pid_namespace_hand_terminal(const struct pid_namespace *pid_namespace, pid_t group)
{
	struct notice notice = {0};
	pid_t outer_group = 0;
	int r = group == 0 ? 0 : pid_namespace_outer_pid(pid_namespace, group, &outer_group);

	if (r == 0)
		r = notice_send(pid_namespace->control_fd, NOTICE_TERMINAL, outer_group);
	if (r == 0)
		r = notice_receive(pid_namespace->control_fd, &notice);
	return r < 0 ? r : notice.value;
}

int pid_namespace_part(const struct restore *restore)
{
	sigset_t set;

	if (!restore->pid_namespace->is_inside)
		return 0;
	/* What comes from here on is for the program. */
	wait_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0)
		return log_error_errno(-errno, "cannot leave the process outside");
	return interrupted() ? -EINTR : 0;
}

/* If the other has been killed, the program runs all the same. */
int pid_namespace_tell_running(const struct restore *restore)
{
	struct pid_namespace *pid_namespace = restore->pid_namespace;

	if (!pid_namespace->is_inside)
		return 0;
	pid_namespace->root = restore->tasks[0].image->pid;
	pid_namespace->is_shell_job = restore->manifest->is_shell_job;
	close_fd(&pid_namespace->outer_proc_fd);
	if (notice_send(pid_namespace->control_fd, NOTICE_RUNNING, 0) < 0)
		log_debug("the process outside of the pid namespace has ended");
	return 0;
}

/* Nothing of the caller's is held: not its terminal, its pipes, its folder. */
static void leave_caller(struct pid_namespace *pid_namespace)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	close_fd(&pid_namespace->control_fd);
	(void)setsid(); /* EPERM: it has done so before */
	for (int i = STDIN_FILENO; fd >= 0 && i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	(void)!chdir("/");
}

static void pass(const struct pid_namespace *pid_namespace, int signal)
{
	if (kill(pid_namespace->root, signal) < 0 && errno != ESRCH)
		log_error_errno(-errno, "cannot pass signal %d on to pid %d", signal,
				(int)pid_namespace->root);
}

static void take_notice(struct pid_namespace *pid_namespace)
{
	struct notice notice;

	if (notice_receive(pid_namespace->control_fd, &notice) < 0)
		close_fd(&pid_namespace->control_fd);
	else if (notice.kind == NOTICE_SIGNAL ||
		 (notice.kind == NOTICE_TYPED_SIGNAL && getpgid(pid_namespace->root) != getpgrp()))
		pass(pid_namespace, notice.value);
	else if (notice.kind == NOTICE_CONTINUE)
		shell_terminal_continue(pid_namespace->root);
}

/* In a job's group, whatever comes to all of it also comes to the one outside, which passes it on. */
static void take_signal(const struct pid_namespace *pid_namespace, int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) == sizeof(info) && (int)info.ssi_signo != SIGCHLD &&
	    (!pid_namespace->is_shell_job || pid_namespace->control_fd < 0))
		pass(pid_namespace, (int)info.ssi_signo);
}

/* Collects all children that have ended; 1 if the root has. */
static int reap(const struct pid_namespace *pid_namespace)
{
	bool is_job = pid_namespace->is_shell_job && getsid(pid_namespace->root) == getsid(0);

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL | (is_job ? WUNTRACED : 0));

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return log_error_errno(-errno, "cannot wait for pid %d", (int)pid_namespace->root);
		if (pid == 0)
			return 0;
		if (pid != pid_namespace->root || pid_namespace->control_fd < 0) {
			if (pid == pid_namespace->root && !WIFSTOPPED(status))
				return 1;
			continue;
		}
		(void)!notice_send(pid_namespace->control_fd,
				   WIFSTOPPED(status) ? NOTICE_STOPPED : NOTICE_ENDED,
				   WIFSTOPPED(status) ? WSTOPSIG(status) : status);
		if (!WIFSTOPPED(status))
			return 1;
	}
}

int pid_namespace_run_init(struct pid_namespace *pid_namespace, const struct restore_options *options)
{
	cleanup_close int signal_fd = -EBADF;
	sigset_t set;
	int r;

	if (options->is_detached)
		leave_caller(pid_namespace);
	wait_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0) {
		log_error_errno(-errno, "cannot set up signals");
		return EXIT_STATUS_FAILED;
	}
	while ((r = reap(pid_namespace)) == 0) {
		struct pollfd polls[] = {
			{.fd = signal_fd, .events = POLLIN},
			{.fd = pid_namespace->control_fd, .events = POLLIN},
		};

		if (poll(polls, ARRAY_SIZE(polls), -1) <= 0)
			continue;
		if (polls[0].revents)
			take_signal(pid_namespace, signal_fd);
		if (polls[1].revents)
			take_notice(pid_namespace);
	}
	return r > 0 ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
}
