/* SPDX-License-Identifier: MIT */
/* Tasks that we made and rebuild. */
#include "common/tracee/puppet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"

#define ALL_BUT_SIGTRAP (~(UINT64_C(1) << (SIGTRAP - 1)))

/* What the child does until it is a puppet: waits to be seized, or ends when we do. It must not return. */
static _Noreturn void child_main(struct remote_address home, int ready_fd)
{
	unsigned char *code = (void *)(uintptr_t)home.value;
	size_t size = (size_t)(executor_blob_end - executor_blob);
	char go;

	if (read(ready_fd, &go, 1) != 1)
		_exit(EXIT_FAILURE);
	if (mmap(code, PUPPET_FOOTPRINT, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != code)
		_exit(EXIT_FAILURE);
	memcpy(code, executor_blob, size);
	if (mprotect(code, PAGE_SIZE_BYTES, PROT_READ | PROT_EXEC) < 0)
		_exit(EXIT_FAILURE);
	for (;;)
		__asm__ volatile("int3");
}

/* CGROUP_FD, if it is one: the cgroup v2 in which it begins. */
static pid_t clone_with_pid(pid_t pid, int cgroup_fd)
{
	pid_t set_tid[] = {pid};
	struct clone_args args = {
		.flags = cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)set_tid,
		.set_tid_size = ARRAY_SIZE(set_tid),
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Makes the child through one in between that exits, so that the reaper inherits it. */
static int clone_orphan(pid_t pid, struct remote_address home, const int pipe_fds[2])
{
	pid_t middle = fork();
	int status;

	if (middle < 0)
		return -errno;
	if (middle == 0) {
		pid_t child = clone_with_pid(pid, -EBADF);

		if (child == 0) {
			close(pipe_fds[1]);
			child_main(home, pipe_fds[0]);
		}
		_exit(child < 0 ? errno : 0);
	}
	while (waitpid(middle, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

static int create_child(pid_t pid, struct remote_address home, bool is_orphan, const int pipe_fds[2],
			int cgroup_fd, bool *ret_is_in_cgroup)
{
	pid_t child;

	*ret_is_in_cgroup = false;
	if (is_orphan)
		return clone_orphan(pid, home, pipe_fds);
	child = cgroup_fd >= 0 ? clone_with_pid(pid, cgroup_fd) : -1;
	*ret_is_in_cgroup = child >= 0;
	if (child < 0) /* the group does not take it, or the kernel cannot (before Linux 5.7) */
		child = clone_with_pid(pid, -EBADF);
	if (child == 0) {
		close(pipe_fds[1]);
		child_main(home, pipe_fds[0]);
	}
	return child < 0 ? -errno : 0;
}

/* Resumes the puppet until the int3 of its code; RAX etc. can be read then. */
static int run_to_trap(struct puppet *puppet)
{
	for (;;) {
		int r = tracee_wait(&puppet->tracee, TRACEE_TIMEOUT_MS);

		if (r < 0)
			return r;
		if (puppet->tracee.stop == TRACEE_STOP_SIGNAL && puppet->tracee.signal == SIGTRAP)
			return 0;
		if (puppet->tracee.stop == TRACEE_STOP_SIGNAL && puppet->tracee.signal != SIGSTOP)
			return -EFAULT; /* our own code has faulted */
		r = tracee_resume(&puppet->tracee, TRACEE_RESUME_RUN, 0);
		if (r < 0)
			return r;
	}
}

int puppet_create(struct puppet *puppet, pid_t pid, struct remote_address home, bool is_orphan, int cgroup_fd)
{
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	int pipe_fds[2];
	int r;

	*puppet = (struct puppet){.blob = home, .region = remote_offset(home, PAGE_SIZE_BYTES)};
	puppet->batch = batch_new(PUPPET_REGION_SIZE);
	if (!puppet->batch)
		return -ENOMEM;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = pipe_fds[0];
	write_fd = pipe_fds[1];
	r = create_child(pid, home, is_orphan, pipe_fds, cgroup_fd, &puppet->is_in_cgroup);
	if (r < 0)
		return r;
	/* If this fails the child ends by itself: its pipe closes. */
	r = tracee_seize(&puppet->tracee, pid, pid,
			 TRACEE_KILL_WITH_TRACER | TRACEE_FOLLOW_CLONES | TRACEE_SUSPEND_SECCOMP);
	if (r == -EPERM) /* without CAP_SYS_ADMIN: no seccomp state can be restored either */
		r = tracee_seize(&puppet->tracee, pid, pid, TRACEE_KILL_WITH_TRACER | TRACEE_FOLLOW_CLONES);
	if (r < 0)
		return r;
	if (write(write_fd, "", 1) != 1)
		return -errno;
	r = run_to_trap(puppet);
	if (r < 0)
		return r;
	return tracee_set_signal_mask(&puppet->tracee, ALL_BUT_SIGTRAP);
}

/* The events of new tasks are passed over: whoever made them looks for them by tid. */
static int run_executor(struct puppet *puppet)
{
	struct registers registers;
	int r = registers_get(puppet->tracee.tid, &registers);

	if (r < 0)
		return r;
	registers.user.rbx = puppet->region.value;
	registers.user.rsp = puppet->region.value + PUPPET_REGION_SIZE;
	registers_jump(&registers, puppet->blob.value + EXECUTOR_OFFSET(executor_run));
	r = registers_set(puppet->tracee.tid, &registers);
	if (r < 0)
		return r;
	r = tracee_resume(&puppet->tracee, TRACEE_RESUME_RUN, 0);
	return r < 0 ? r : run_to_trap(puppet);
}

/* The stop in which it starts. */
static int wait_for_start(struct puppet *puppet)
{
	int r = tracee_wait(&puppet->tracee, TRACEE_TIMEOUT_MS);

	if (r < 0)
		return r;
	return puppet->tracee.stop == TRACEE_STOP_EVENT ? 0 : -EIO;
}

int puppet_adopt(struct puppet *puppet, const struct puppet *parent, pid_t tid)
{
	*puppet = (struct puppet){.blob = parent->blob, .region = parent->region, .batch = parent->batch};
	puppet->tracee = (struct tracee){.tid = tid, .tgid = parent->tracee.tgid};
	return wait_for_start(puppet);
}

int puppet_adopt_process(struct puppet *puppet, const struct puppet *maker, pid_t pid)
{
	*puppet = (struct puppet){.blob = maker->blob, .region = maker->region};
	puppet->tracee = (struct tracee){.tid = pid, .tgid = pid};
	puppet->batch = batch_new(PUPPET_REGION_SIZE);
	return puppet->batch ? wait_for_start(puppet) : -ENOMEM;
}

static int wait_for_end(struct puppet *puppet)
{
	while (puppet->tracee.stop != TRACEE_GONE) {
		int r = tracee_wait(&puppet->tracee, TRACEE_TIMEOUT_MS);

		if (r < 0 && r != -ESRCH)
			return r;
		if (r == 0) /* on its way, whatever it stops for */
			r = tracee_resume(&puppet->tracee, TRACEE_RESUME_RUN, 0);
		if (r < 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

int puppet_kill(struct puppet *puppet)
{
	if (kill(puppet->tracee.tid, SIGKILL) < 0)
		return -errno;
	return wait_for_end(puppet);
}

int puppet_end_by(struct puppet *puppet, int signal)
{
	int r;

	if (signal == SIGKILL)
		return puppet_kill(puppet);
	/* Out of the stop in which it rests, into one in which a signal can be given to it. */
	r = tracee_set_signal_mask(&puppet->tracee, ~(UINT64_C(1) << (signal - 1)));
	if (r == 0 && kill(puppet->tracee.tid, signal) < 0)
		r = -errno;
	while (r == 0 && puppet->tracee.stop != TRACEE_GONE) {
		bool is_it = puppet->tracee.stop == TRACEE_STOP_SIGNAL && puppet->tracee.signal == signal;

		r = tracee_resume(&puppet->tracee, TRACEE_RESUME_RUN, is_it ? signal : 0);
		if (r == 0)
			r = tracee_wait(&puppet->tracee, TRACEE_TIMEOUT_MS);
	}
	return r == -ESRCH ? 0 : r;
}

int puppet_run_to_end(struct puppet *puppet)
{
	int r = batch_send(puppet->tracee.tid, puppet->batch);

	if (r == 0)
		r = run_executor(puppet);
	return r == -ESRCH && puppet->tracee.stop == TRACEE_GONE ? 0 : r < 0 ? r : -EIO;
}

struct batch *puppet_batch(struct puppet *puppet)
{
	batch_reset(puppet->batch, puppet->region);
	return puppet->batch;
}

int puppet_run(struct puppet *puppet, const char *what)
{
	const struct executor_call *call;
	unsigned failed = 0;
	int r;

	if (puppet->batch->call_count == 0)
		return 0;
	r = batch_send(puppet->tracee.tid, puppet->batch);
	if (r == 0)
		r = run_executor(puppet);
	if (r == 0)
		r = batch_receive(puppet->tracee.tid, puppet->batch, &failed);
	if (r == 0)
		return 0;
	if (r != -ECANCELED)
		return log_error_errno(r, "cannot run the executor for %s", what);
	call = &puppet->batch->calls[failed];
	return log_error_errno((int)call->result, "%s: %s(%#lx, %#lx, %#lx, %#lx)",
			       puppet->batch->purposes[failed] ?: what, syscall_name((long)call->number),
			       (unsigned long)call->arguments[0], (unsigned long)call->arguments[1],
			       (unsigned long)call->arguments[2], (unsigned long)call->arguments[3]);
}

int puppet_run_code(struct puppet *puppet, const void *code, size_t size)
{
	uint64_t at = puppet->blob.value + PAGE_SIZE_BYTES - ALIGN_UP(size, 64);
	cleanup_close int mem_fd = -EBADF;
	struct registers registers;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)puppet->tracee.tid);
	mem_fd = open(path, O_WRONLY | O_CLOEXEC);
	if (mem_fd < 0)
		return -errno;
	r = file_pwrite_full(mem_fd, code, size, (off_t)at);
	if (r == 0)
		r = registers_get(puppet->tracee.tid, &registers);
	if (r < 0)
		return r;
	registers_jump(&registers, at);
	r = registers_set(puppet->tracee.tid, &registers);
	if (r == 0)
		r = tracee_resume(&puppet->tracee, TRACEE_RESUME_RUN, 0);
	return r < 0 ? r : run_to_trap(puppet);
}

static int next_syscall_stop(struct puppet *puppet)
{
	for (;;) {
		int r = tracee_resume(&puppet->tracee, TRACEE_RESUME_TO_SYSCALL, 0);

		if (r < 0)
			return r;
		r = tracee_wait(&puppet->tracee, TRACEE_TIMEOUT_MS);
		if (r < 0 || puppet->tracee.stop == TRACEE_STOP_SYSCALL)
			return r;
		if (puppet->tracee.stop == TRACEE_STOP_SIGNAL && puppet->tracee.signal != SIGSTOP)
			return -EFAULT;
	}
}

long puppet_call_at(struct puppet *puppet, struct remote_address instruction, long number,
		    const uint64_t arguments[6])
{
	struct registers registers;
	int r = registers_get(puppet->tracee.tid, &registers);

	if (r < 0)
		return r;
	registers_jump(&registers, instruction.value);
	registers_set_call(&registers, number, arguments);
	r = registers_set(puppet->tracee.tid, &registers);
	if (r < 0)
		return r;
	for (int i = 0; i < 2; i++) { /* entry and exit */
		r = next_syscall_stop(puppet);
		if (r < 0)
			return r;
	}
	r = registers_get(puppet->tracee.tid, &registers);
	return r < 0 ? r : registers_result(&registers);
}
