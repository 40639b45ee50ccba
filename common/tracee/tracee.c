/* SPDX-License-Identifier: MIT */
/* Threads that we trace. */
#include "common/tracee/tracee.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "common/cleanup.h"

/* From linux/ptrace.h, which older user-space headers lack. */
#define CR_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211

int tracee_init(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigaction(SIGCHLD, &action, NULL) < 0 || sigprocmask(SIG_BLOCK, &child, NULL) < 0)
		return -errno;
	return 0;
}

int tracee_seize(struct tracee *tracee, pid_t tid, pid_t tgid, unsigned options)
{
	unsigned long ptrace_options = PTRACE_O_TRACESYSGOOD;

	if (options & TRACEE_KILL_WITH_TRACER)
		ptrace_options |= PTRACE_O_EXITKILL;
	if (options & TRACEE_FOLLOW_CLONES)
		ptrace_options |= PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (options & TRACEE_HOLD_CHILDREN)
		ptrace_options |= PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK;
	if (options & TRACEE_SUSPEND_SECCOMP)
		ptrace_options |= PTRACE_O_SUSPEND_SECCOMP;
	if (ptrace(PTRACE_SEIZE, tid, NULL, ptrace_options) < 0)
		return -errno;
	*tracee = (struct tracee){.tid = tid, .tgid = tgid};
	return 0;
}

int tracee_kill_with_us(const struct tracee *tracee)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;

	/* Only who might suspend its filters may have done so; that is to stay. */
	if (ptrace(PTRACE_SETOPTIONS, tracee->tid, NULL, options | PTRACE_O_SUSPEND_SECCOMP) == 0 ||
	    ptrace(PTRACE_SETOPTIONS, tracee->tid, NULL, options) == 0)
		return 0;
	return -errno;
}

int tracee_interrupt(struct tracee *tracee)
{
	return ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) < 0 ? -errno : 0;
}

static int decode_stop(struct tracee *tracee, int status)
{
	int event = status >> 16;

	tracee->wait_status = status;
	if (!WIFSTOPPED(status)) {
		tracee->stop = TRACEE_GONE;
		return -ESRCH;
	}
	tracee->signal = WSTOPSIG(status);
	if (event == PTRACE_EVENT_STOP) {
		tracee->stop = tracee->signal == SIGTRAP ? TRACEE_STOP_EVENT : TRACEE_STOP_GROUP;
	} else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
		unsigned long message = 0;

		tracee->stop = TRACEE_STOP_CLONE;
		if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, NULL, &message) < 0)
			return -errno;
		tracee->new_tid = (pid_t)message;
	} else if (tracee->signal == (SIGTRAP | 0x80)) {
		tracee->stop = TRACEE_STOP_SYSCALL;
	} else {
		tracee->stop = TRACEE_STOP_SIGNAL;
	}
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int tracee_wait(struct tracee *tracee, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		int status;
		pid_t waited = waitpid(tracee->tid, &status, __WALL | WNOHANG);
		int64_t left_ms = deadline - now_ms();
		struct timespec left;

		if (waited == tracee->tid)
			return decode_stop(tracee, status);
		if (waited < 0 && errno == ECHILD) {
			tracee->stop = TRACEE_GONE;
			return -ESRCH;
		}
		if (waited < 0 && errno != EINTR)
			return -errno;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		/* A stop after the look above leaves a pending SIGCHLD, so nothing is missed. */
		left = (struct timespec){left_ms / 1000, (left_ms % 1000) * 1000000};
		if (sigtimedwait(&child, NULL, &left) < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

bool tracee_has_stopped(const struct tracee *tracee)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)tracee->tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) < 0 ||
	       info.si_pid == tracee->tid;
}

int tracee_wait_frozen(struct tracee *tracee, int timeout_ms)
{
	for (;;) {
		int r = tracee_wait(tracee, timeout_ms), signal;

		if (r == -ESRCH && tracee->stop != TRACEE_GONE) /* killed in its stop; the next wait tells */
			continue;
		if (r < 0)
			return r;
		if (tracee->stop == TRACEE_STOP_EVENT || tracee->stop == TRACEE_STOP_GROUP)
			return 0;
		/* Any other stop uses up the interruption that was on its way. */
		signal = tracee->stop == TRACEE_STOP_SIGNAL ? tracee->signal : 0;
		r = tracee_interrupt(tracee);
		if (r == 0)
			r = tracee_resume(tracee, TRACEE_RESUME_RUN, signal);
		if (r < 0 && r != -ESRCH) /* else it was killed, which the next wait tells */
			return r;
	}
}

int tracee_freeze(struct tracee *tracee)
{
	int signal = tracee->stop == TRACEE_STOP_SIGNAL ? tracee->signal : 0;
	int r;

	if (tracee->stop == TRACEE_STOP_EVENT || tracee->stop == TRACEE_STOP_GROUP)
		return 0;
	r = tracee_interrupt(tracee);
	if (r == 0 && tracee->stop != TRACEE_RUNNING)
		r = tracee_resume(tracee, TRACEE_RESUME_RUN, signal);
	return r < 0 ? r : tracee_wait_frozen(tracee, TRACEE_TIMEOUT_MS);
}

int tracee_resume(struct tracee *tracee, enum tracee_resume how, int signal)
{
	if (ptrace(how == TRACEE_RESUME_TO_SYSCALL ? PTRACE_SYSCALL : PTRACE_CONT, tracee->tid, NULL,
		   (unsigned long)signal) < 0)
		return -errno;
	tracee->stop = TRACEE_RUNNING;
	return 0;
}

int tracee_detach(struct tracee *tracee)
{
	bool has_signal = tracee->stop == TRACEE_STOP_SIGNAL && tracee->signal != SIGTRAP;

	if (tracee->stop == TRACEE_GONE)
		return 0;
	if (ptrace(PTRACE_DETACH, tracee->tid, NULL, has_signal ? (unsigned long)tracee->signal : 0) < 0 &&
	    errno != ESRCH)
		return -errno;
	tracee->stop = TRACEE_GONE;
	return 0;
}

void tracee_drop_signal(struct tracee *tracee)
{
	if (tracee->stop == TRACEE_STOP_SIGNAL)
		tracee->stop = TRACEE_STOP_EVENT;
}

int tracee_get_signal_mask(const struct tracee *tracee, uint64_t *ret_mask)
{
	return ptrace(PTRACE_GETSIGMASK, tracee->tid, sizeof(*ret_mask), ret_mask) < 0 ? -errno : 0;
}

int tracee_set_signal_mask(const struct tracee *tracee, uint64_t mask)
{
	return ptrace(PTRACE_SETSIGMASK, tracee->tid, sizeof(mask), &mask) < 0 ? -errno : 0;
}

int tracee_get_siginfo(const struct tracee *tracee, siginfo_t *ret_info)
{
	return ptrace(PTRACE_GETSIGINFO, tracee->tid, NULL, ret_info) < 0 ? -errno : 0;
}

int tracee_peek_signals(const struct tracee *tracee, bool is_shared, uint64_t offset, siginfo_t *signals,
			int capacity)
{
	struct __ptrace_peeksiginfo_args arguments = {
		.off = offset,
		.flags = is_shared ? PTRACE_PEEKSIGINFO_SHARED : 0,
		.nr = capacity,
	};
	long count = ptrace(PTRACE_PEEKSIGINFO, tracee->tid, &arguments, signals);

	return count < 0 ? -errno : (int)count;
}

int tracee_get_rseq(const struct tracee *tracee, struct tracee_rseq *ret_rseq)
{
	struct __ptrace_rseq_configuration configuration = {0};

	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, tracee->tid, sizeof(configuration), &configuration) < 0)
		return -errno;
	*ret_rseq = (struct tracee_rseq){
		.address = configuration.rseq_abi_pointer,
		.size = configuration.rseq_abi_size,
		.signature = configuration.signature,
		.flags = configuration.flags,
	};
	return 0;
}

int tracee_get_seccomp_filter(const struct tracee *tracee, unsigned index, struct sock_filter **ret_filter,
			      size_t *ret_count, uint64_t *ret_flags)
{
	struct {
		uint64_t filter_offset, flags;
	} metadata = {.filter_offset = index};
	cleanup_free struct sock_filter *filter = NULL;
	long count = ptrace(PTRACE_SECCOMP_GET_FILTER, tracee->tid, index, NULL);

	if (count < 0)
		return -errno;
	filter = calloc((size_t)count, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	if (ptrace(PTRACE_SECCOMP_GET_FILTER, tracee->tid, index, filter) != count)
		return errno ? -errno : -EIO;
	if (ptrace(PTRACE_SECCOMP_GET_METADATA, tracee->tid, sizeof(metadata), &metadata) < 0)
		return -errno;
	*ret_flags = metadata.flags;
	*ret_count = (size_t)count;
	*ret_filter = take_ptr(filter);
	return 0;
}

int tracee_has_syscall_dispatch(const struct tracee *tracee)
{
	struct {
		uint64_t mode, selector, offset, len;
	} configuration = {0};

	if (ptrace(CR_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, tracee->tid, sizeof(configuration),
		   &configuration) < 0)
		return errno == EIO ? 0 : -errno; /* EIO: a kernel without it, where no task can have it on */
	return configuration.mode != 0;
}
