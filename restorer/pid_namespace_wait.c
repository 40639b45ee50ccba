/* SPDX-License-Identifier: MIT */
/* The cr-restore outside of the pid namespace that it has made. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_status.h"
#include "common/log.h"
#include "restorer/fd/shell_terminal.h"
#include "restorer/pid_namespace.h"
#include "restorer/pid_namespace_notice.h"
#include "restorer/restore.h"
#include "restorer/wait.h"

/* How far it is. */
struct course {
	int signal_fd;
	bool is_running, has_ended;
	int status; /* the program's, once it has ended */
};

/* Those that end a restore, until it is one: the others wait. */
static void early_signals(sigset_t *set)
{
	static const int early[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(early); i++)
		sigaddset(set, early[i]);
}

static int note_running(struct course *course)
{
	sigset_t set;

	course->is_running = true;
	wait_signals(&set);
	sigdelset(&set, SIGCHLD);
	return signalfd(course->signal_fd, &set, SFD_CLOEXEC) < 0 ? -errno : 0;
}

/* Negative when the one inside will say nothing more. */
static int take_notice(struct restore *restore, struct course *course)
{
	int fd = restore->pid_namespace->control_fd;
	struct notice notice;
	int r = notice_receive(fd, &notice);

	if (r < 0)
		return r;
	switch (notice.kind) {
	case NOTICE_TERMINAL:
		return notice_send(fd, NOTICE_TERMINAL_DONE,
				   shell_terminal_hand(restore, notice.value ? notice.value : getpgrp()));
	case NOTICE_RUNNING:
		return note_running(course);
	case NOTICE_STOPPED:
		shell_terminal_suspend(restore, notice.value);
		return notice_send(fd, NOTICE_CONTINUE, 0);
	case NOTICE_ENDED:
		course->has_ended = true;
		course->status = notice.value;
		return 0;
	default:
		return -EIO;
	}
}

static void take_signal(const struct pid_namespace *pid_namespace, const struct course *course)
{
	struct signalfd_siginfo info;

	if (read(course->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (course->is_running)
		(void)!notice_send(pid_namespace->control_fd,
				   info.ssi_code == SI_KERNEL ? NOTICE_TYPED_SIGNAL : NOTICE_SIGNAL,
				   (int)info.ssi_signo);
	else
		kill(pid_namespace->init, (int)info.ssi_signo);
}

static int end_as(const struct restore *restore, const struct course *course, int init_status)
{
	if (course->has_ended)
		return wait_end_as(course->status);
	if (WIFEXITED(init_status))
		return WEXITSTATUS(init_status);
	log_error("pid %d, the init of the new pid namespace, was ended by SIG%s, and all that was in it",
		  (int)restore->pid_namespace->init, sigabbrev_np(WTERMSIG(init_status)));
	return course->is_running ? wait_end_as(init_status) : EXIT_STATUS_FAILED;
}

static int collect_init(struct restore *restore, const struct course *course)
{
	int status;

	while (waitpid(restore->pid_namespace->init, &status, 0) < 0)
		if (errno != EINTR) {
			log_error_errno(-errno, "cannot wait for pid %d", (int)restore->pid_namespace->init);
			return EXIT_STATUS_FAILED;
		}
	shell_terminal_take_back(restore, !course->has_ended || !WIFEXITED(course->status));
	return end_as(restore, course, status);
}

int pid_namespace_wait(struct restore *restore)
{
	struct pid_namespace *pid_namespace = restore->pid_namespace;
	struct course course = {0};
	sigset_t set;
	int r = 0;

	early_signals(&set);
	course.signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (course.signal_fd < 0)
		log_error_errno(-errno, "cannot set up signals"); /* it can be waited for all the same */
	while (r == 0 && !(course.is_running && restore->options->is_detached)) {
		struct pollfd polls[] = {
			{.fd = course.signal_fd, .events = POLLIN},
			{.fd = pid_namespace->control_fd, .events = POLLIN},
		};

		if (poll(polls, ARRAY_SIZE(polls), -1) < 0)
			continue;
		if (polls[0].revents)
			take_signal(pid_namespace, &course);
		if (polls[1].revents)
			r = take_notice(restore, &course);
	}
	close_fd(&course.signal_fd);
	if (course.is_running && restore->options->is_detached)
		return EXIT_STATUS_DONE;
	return collect_init(restore, &course);
}
