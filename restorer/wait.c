/* SPDX-License-Identifier: MIT */
/* cr-restore in the foreground. */
#include "restorer/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_status.h"
#include "common/file.h"
#include "common/log.h"
#include "restorer/fd/shell_terminal.h"

static const int passed_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM};

void wait_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(passed_signals); i++)
		sigaddset(ret_set, passed_signals[i]);
}

int wait_write_pidfile(struct restore *restore)
{
	const char *path = restore->options->pidfile;
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
	char text[16];
	pid_t pid = restore->tasks[0].image->pid;
	int r, length;

	if (fd < 0)
		return log_error_errno(-errno, "cannot create the pid file '%s'", path);
	r = restore->pid_namespace->is_inside ? pid_namespace_outer_pid(restore->pid_namespace, pid, &pid)
					      : 0;
	if (r < 0)
		return r;
	length = snprintf(text, sizeof(text), "%d\n", (int)pid);
	r = file_write_full(fd, text, (size_t)length);
	return r < 0 ? log_error_errno(r, "cannot write the pid file '%s'", path) : 0;
}

/* Ends as the program did, without a core file of our own. */
static int end_by_signal(int signal)
{
	struct rlimit no_core = {0, 0};
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	sigemptyset(&set);
	sigaddset(&set, signal);
	sigaction(signal, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signal);
	return 128 + signal; /* a signal that does not end us */
}

/* The kernel sends what is typed in a terminal to a whole process group: a program in ours has it already. */
static bool is_shared(pid_t root, const siginfo_t *info)
{
	return info->si_code == SI_KERNEL && getpgid(root) == getpgrp();
}

static void pass_on(pid_t root, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD || is_shared(root, info))
		return;
	if (kill(root, info->si_signo) < 0 && errno != ESRCH)
		log_error_errno(-errno, "cannot pass signal %d on to pid %d", info->si_signo, (int)root);
}

/* Follows the stops of a job. Returns what waitpid(2) did, with *RET_STATUS of an end. */
static pid_t wait_once(struct restore *restore, pid_t root, int *ret_status)
{
	bool is_job = restore->manifest->is_shell_job && getsid(root) == getsid(0);
	pid_t waited = waitpid(root, ret_status, WNOHANG | (is_job ? WUNTRACED : 0));

	if (waited != root || !WIFSTOPPED(*ret_status))
		return waited;
	shell_terminal_suspend(restore, WSTOPSIG(*ret_status));
	shell_terminal_continue(root);
	return wait_once(restore, root, ret_status);
}

int wait_end_as(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : end_by_signal(WTERMSIG(status));
}

int wait_for_root(struct restore *restore)
{
	pid_t root = restore->tasks[0].image->pid;
	sigset_t set;

	wait_signals(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
		log_error_errno(-errno, "cannot set up signals");
		return EXIT_STATUS_FAILED;
	}
	for (;;) {
		siginfo_t info;
		int status;
		pid_t waited = wait_once(restore, root, &status);

		if (waited == root) {
			shell_terminal_take_back(restore, !WIFEXITED(status));
			return wait_end_as(status);
		}
		if (waited < 0 && errno != EINTR) {
			log_error_errno(-errno, "cannot wait for pid %d", (int)root);
			return EXIT_STATUS_FAILED;
		}
		if (sigwaitinfo(&set, &info) > 0)
			pass_on(root, &info);
	}
}
