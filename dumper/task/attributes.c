/* SPDX-License-Identifier: MIT */
/* Names, ids, directories and the many small states of a process and its threads. */
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/membarrier.h"
#include "common/proc/cursor.h"
#include "dumper/ghosts.h"
#include "dumper/hidden_file.h"
#include "dumper/task/task_dumper.h"
#include "dumper/task/thread_status.h"
#include "dumper/tree.h"
#include "format/fd/kernel_file.h"

/* Of Linux 6.3, 6.4 and 6.18; older systems' headers lack them. */
#define CR_PR_GET_MDWE 66
#define CR_PR_GET_MEMORY_MERGE 68
#define CR_PR_THP_DISABLE_EXCEPT_ADVISED 2
#define PERSONALITY_QUERY UINT32_MAX
#define CR_MEMBARRIER_GET_REGISTRATIONS (1 << 9) /* Linux 6.3 */

enum {
	CALL_DUMPABLE,
	CALL_SUBREAPER,
	CALL_THP_DISABLE,
	CALL_MDWE,
	CALL_MEMORY_MERGE,
	CALL_DEATH_SIGNAL,
	CALL_TID_ADDRESS,
	CALL_IO_FLUSHER,
	CALL_TSC,
	CALL_MCE_KILL,
	CALL_CPUID,
	CALL_MEMBARRIER,
	CALL_PERSONALITY,
};
enum { ADDRESS_SUBREAPER, ADDRESS_DEATH_SIGNAL, ADDRESS_TID_ADDRESS, ADDRESS_TSC };

static int number_read(const struct process *process, const char *name, unsigned base, uint64_t *ret_value)
{
	cleanup_free char *text = NULL;
	struct cursor cursor;
	size_t size;
	int r = file_read_at(process->proc_fd, name, 64, &text, &size);

	if (r == 0) {
		cursor = CURSOR(text, size);
		r = cursor_u64(&cursor, base, ret_value);
	}
	return r < 0 ? log_error_errno(r, "cannot read '%s' in /proc", name) : 0;
}

static int oom_score_read(const struct process *process, int32_t *ret_value)
{
	cleanup_free char *text = NULL;
	struct cursor cursor;
	size_t size;
	int r = file_read_at(process->proc_fd, "oom_score_adj", 64, &text, &size);

	if (r == 0) {
		cursor = CURSOR(text, size);
		r = cursor_i32(&cursor, ret_value);
	}
	return r < 0 ? log_error_errno(r, "cannot read 'oom_score_adj' in /proc") : 0;
}

/* Whether PATH leads to what THEIRS, the stat through /proc, says. */
static bool directory_is_there(const char *path, const struct stat *theirs)
{
	struct stat ours;

	return path[0] == '/' && stat(path, &ours) == 0 && ours.st_dev == theirs->st_dev &&
	       ours.st_ino == theirs->st_ino;
}

/* A removed one, which LINK of its /proc leads to. */
static int directory_add_ghost(struct dump *dump, const struct process *process, const char *link,
			       const char *use, const struct stat *st, Cr__Directory *image)
{
	const char *path = ghost_path(dump, image->path);
	struct ghost_use ghost = {.path = path, .stat = *st, .where = use, .is_private = true};
	cleanup_close int fd = -EBADF;

	if (!path) {
		ghost.path = path = image->path;
		ghost.hidden_as = arena_format(
			&dump->arena,
			"'%s' is not what that path leads to here: it is mounted over, in another root or "
			"mount namespace, or too long",
			path);
		if (!ghost.hidden_as)
			return log_error_errno(-ENOMEM, "cannot keep its %s", use);
	}
	LOG_SCOPE("%s", use);
	ghost.fd = fd = openat(process->proc_fd, link, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return log_error_errno(-errno, "cannot open it");
	image->path = (char *)path;
	return ghosts_add(dump, process, &ghost, &image->ghost_id);
}

static int directory_collect(struct dump *dump, const struct process *process, const char *link,
			     const char *use, Cr__Directory **ret_image)
{
	cleanup_free char *path = NULL;
	Cr__Directory *image;
	const char *rest;
	pid_t pid, tid;
	struct stat st;
	int r = file_readlink_at(process->proc_fd, link, &path);

	bool is_long = r == -ENAMETOOLONG;

	if (is_long)
		r = 0;
	if (r == 0 && fstatat(process->proc_fd, link, &st, 0) < 0)
		r = -errno;
	if (r < 0)
		return log_error_errno(r, "cannot look at its %s", use);
	image = arena_new(&dump->arena, Cr__Directory);
	if (!image)
		return log_error_errno(-ENOMEM, "cannot keep its %s", use);
	cr__directory__init(image);
	image->path = is_long ? hidden_file_long_path(dump, &st) : arena_string(&dump->arena, path);
	if (!image->path)
		return log_error_errno(-ENOMEM, "cannot keep its %s", use);
	*ret_image = image;
	if (is_long || !directory_is_there(path, &st))
		return directory_add_ghost(dump, process, link, use, &st, image);
	if (kernel_file_is_of_process(path, &pid, &tid, &rest) && tree_has_thread(dump, pid))
		return 0;
	r = dump_require_file(dump, process, path, &st, false, use);
	return r < 0 ? log_error_errno(r, "cannot note its %s", use) : 0;
}

static void ids_fill(const struct process *process, Cr__Process *image)
{
	image->pid = process->pidref.pid;
	image->ppid = process->stat.ppid;
	image->parent_tid = process->parent_tid;
	image->pgid = process->stat.pgid;
	image->sid = process->stat.sid;
	image->exit_signal = process->stat.exit_signal;
}

static int attributes_collect_process(struct dump *dump, struct process *process)
{
	Cr__Process *image = process->image;
	int r;

	ids_fill(process, image);
	if (!process->status.has_umask)
		return log_error_errno(-ENODATA, "its umask is not in /proc");
	image->umask = process->status.umask;
	r = number_read(process, "personality", 16, &image->personality);
	if (r < 0)
		return r;
	r = number_read(process, "coredump_filter", 16, &image->coredump_filter);
	if (r < 0)
		return r;
	r = oom_score_read(process, &image->oom_score_adj);
	if (r < 0)
		return r;
	r = directory_collect(dump, process, "root", "root directory", &image->root);
	if (r < 0)
		return r;
	return directory_collect(dump, process, "cwd", "working directory", &image->working_directory);
}

static int robust_list_collect(const struct thread *thread)
{
	uint64_t head = 0;
	size_t size = 0;

	if (syscall(SYS_get_robust_list, thread->tracee.tid, &head, &size) < 0)
		return log_error_errno(-errno, "cannot read its robust futex list");
	thread->image->robust_list = head;
	thread->image->robust_list_size = size;
	return 0;
}

static int rseq_collect(struct dump *dump, const struct thread *thread)
{
	struct tracee_rseq rseq;
	Cr__Rseq *image = arena_new(&dump->arena, Cr__Rseq);
	int r = tracee_get_rseq(&thread->tracee, &rseq);

	if (r == -EIO || r == -EINVAL) {
		blockers_add(&dump->blockers, "its rseq registration cannot be read: the kernel lacks "
					      "PTRACE_GET_RSEQ_CONFIGURATION (Linux 5.13)");
		return 0;
	}
	if (r < 0)
		return log_error_errno(r, "cannot read its rseq registration");
	if (!image)
		return log_error_errno(-ENOMEM, "cannot keep its rseq registration");
	cr__rseq__init(image);
	image->address = rseq.address;
	image->size = rseq.size;
	image->signature = rseq.signature;
	image->flags = rseq.flags;
	thread->image->rseq = image;
	return 0;
}

static int attributes_collect_thread(struct dump *dump, struct process *process, struct thread *thread)
{
	const struct status *status = thread_status(process, thread);
	int r;

	if (!status)
		return -EIO;
	thread->image->comm = arena_bytes(&dump->arena, status->name, strlen(status->name));
	if (status->name[0] && !thread->image->comm.data)
		return log_error_errno(-ENOMEM, "cannot keep its name");
	r = robust_list_collect(thread);
	return r < 0 ? r : rseq_collect(dump, thread);
}

static int attributes_ask(struct dump *dump maybe_unused, struct process *process, struct thread *thread,
			  struct batch *batch, struct questions *questions)
{
	uint64_t *addresses = questions->addresses;
	unsigned *calls = questions->calls;

	addresses[ADDRESS_DEATH_SIGNAL] = batch_data(batch, NULL, sizeof(int));
	addresses[ADDRESS_TID_ADDRESS] = batch_data(batch, NULL, sizeof(uint64_t));
	addresses[ADDRESS_TSC] = batch_data(batch, NULL, sizeof(int));
	calls[CALL_DEATH_SIGNAL] =
		batch_try(batch, SYS_prctl, PR_GET_PDEATHSIG, addresses[ADDRESS_DEATH_SIGNAL]);
	calls[CALL_TID_ADDRESS] =
		batch_try(batch, SYS_prctl, PR_GET_TID_ADDRESS, addresses[ADDRESS_TID_ADDRESS]);
	calls[CALL_IO_FLUSHER] = batch_try(batch, SYS_prctl, PR_GET_IO_FLUSHER);
	calls[CALL_TSC] = batch_try(batch, SYS_prctl, PR_GET_TSC, addresses[ADDRESS_TSC]);
	calls[CALL_MCE_KILL] = batch_try(batch, SYS_prctl, PR_MCE_KILL_GET);
	calls[CALL_CPUID] = batch_try(batch, SYS_arch_prctl, ARCH_GET_CPUID);
	calls[CALL_PERSONALITY] = batch_try(batch, SYS_personality, PERSONALITY_QUERY);
	if (thread != &process->threads[0])
		return 0;
	addresses[ADDRESS_SUBREAPER] = batch_data(batch, NULL, sizeof(int));
	calls[CALL_DUMPABLE] = batch_try(batch, SYS_prctl, PR_GET_DUMPABLE);
	calls[CALL_SUBREAPER] =
		batch_try(batch, SYS_prctl, PR_GET_CHILD_SUBREAPER, addresses[ADDRESS_SUBREAPER]);
	calls[CALL_THP_DISABLE] = batch_try(batch, SYS_prctl, PR_GET_THP_DISABLE);
	calls[CALL_MDWE] = batch_try(batch, SYS_prctl, CR_PR_GET_MDWE);
	calls[CALL_MEMORY_MERGE] = batch_try(batch, SYS_prctl, CR_PR_GET_MEMORY_MERGE);
	calls[CALL_MEMBARRIER] = batch_try(batch, SYS_membarrier, CR_MEMBARRIER_GET_REGISTRATIONS, 0, 0);
	return 0;
}

/*
 * What a call returned; 0 if it failed with TOLERATED, by which a kernel says that it does not know the
 * thing, so that no task can have it. Logs any other failure.
 */
static int result_take(const struct batch *batch, unsigned call, int tolerated, const char *what,
		       int64_t *ret_result)
{
	int64_t result = batch_result(batch, call);

	if (result < 0 && result != tolerated)
		return log_error_errno((int)result, "cannot ask for its %s", what);
	*ret_result = MAX(result, INT64_C(0));
	return 0;
}

static int int_at(const struct batch *batch, uint64_t address)
{
	int value;

	memcpy(&value, batch_data_at(batch, address), sizeof(value));
	return value;
}

/* The call is not there, does not know the command, or is forbidden: then nobody can know. */
static void membarrier_answer(struct dump *dump, Cr__Process *image, int64_t registrations)
{
	if (registrations <= 0)
		return;
	if (registrations & ~(int64_t)MEMBARRIER_REGISTRATIONS)
		blockers_add(&dump->blockers,
			     "has registrations of membarrier(2) that this version does not know: 0x%llx",
			     (unsigned long long)registrations);
	image->membarrier_registrations = (uint32_t)registrations;
}

static int process_answer(struct dump *dump, Cr__Process *image, const struct batch *batch,
			  const struct questions *questions)
{
	const unsigned *calls = questions->calls;
	int64_t dumpable = 0, subreaper = 0, thp_disable = 0, mdwe = 0, merge = 0;

	if (result_take(batch, calls[CALL_DUMPABLE], 0, "dumpable state", &dumpable) < 0 ||
	    result_take(batch, calls[CALL_SUBREAPER], 0, "child subreaper state", &subreaper) < 0 ||
	    result_take(batch, calls[CALL_THP_DISABLE], -EINVAL, "huge page state", &thp_disable) < 0 ||
	    result_take(batch, calls[CALL_MDWE], -EINVAL, "memory-deny-write-execute state", &mdwe) < 0 ||
	    result_take(batch, calls[CALL_MEMORY_MERGE], -EINVAL, "memory merge state", &merge) < 0)
		return -EIO;
	if (thp_disable & CR_PR_THP_DISABLE_EXCEPT_ADVISED)
		blockers_add(&dump->blockers,
			     "has huge pages disabled but where advised "
			     "(PR_THP_DISABLE_EXCEPT_ADVISED), which cannot be preserved yet");
	membarrier_answer(dump, image, batch_result(batch, calls[CALL_MEMBARRIER]));
	image->dumpable = (int32_t)dumpable;
	image->is_child_subreaper = int_at(batch, questions->addresses[ADDRESS_SUBREAPER]) != 0;
	image->is_thp_disabled = thp_disable != 0;
	image->memory_deny_write_execute = (uint32_t)mdwe;
	image->has_memory_merge = merge != 0;
	return 0;
}

/* The kernel keeps one for each thread, and what /proc tells is that of the leader. */
static void personality_answer(const Cr__Process *process, Cr__Thread *image, int64_t result)
{
	uint64_t personality = (uint32_t)result;

	image->has_own_personality = personality != process->personality;
	image->personality = image->has_own_personality ? personality : 0;
}

static int attributes_answer(struct dump *dump, struct process *process, struct thread *thread,
			     const struct batch *batch, const struct questions *questions)
{
	Cr__Thread *image = thread->image;
	const unsigned *calls = questions->calls;
	int64_t ignored = 0, io_flusher, mce_kill = 0, cpuid = batch_result(batch, calls[CALL_CPUID]);

	if (result_take(batch, calls[CALL_DEATH_SIGNAL], 0, "parent death signal", &ignored) < 0 ||
	    result_take(batch, calls[CALL_TID_ADDRESS], 0,
			"clear_child_tid address (needs a kernel with CONFIG_CHECKPOINT_RESTORE)",
			&ignored) < 0 ||
	    result_take(batch, calls[CALL_TSC], -EINVAL, "time stamp counter mode", &ignored) < 0 ||
	    result_take(batch, calls[CALL_MCE_KILL], -EINVAL, "memory failure policy", &mce_kill) < 0)
		return -EIO;
	/* Only CAP_SYS_RESOURCE may ask, or may have set it. */
	io_flusher = batch_result(batch, calls[CALL_IO_FLUSHER]);
	image->parent_death_signal = int_at(batch, questions->addresses[ADDRESS_DEATH_SIGNAL]);
	memcpy(&image->clear_child_tid, batch_data_at(batch, questions->addresses[ADDRESS_TID_ADDRESS]),
	       sizeof(image->clear_child_tid));
	image->is_io_flusher = io_flusher > 0;
	image->tsc_mode = int_at(batch, questions->addresses[ADDRESS_TSC]);
	image->mce_kill_policy = (uint32_t)mce_kill;
	image->is_cpuid_faulting = cpuid == 0;
	personality_answer(process->image, image, batch_result(batch, calls[CALL_PERSONALITY]));
	return thread == &process->threads[0] ? process_answer(dump, process->image, batch, questions) : 0;
}

const struct task_dumper attributes_task_dumper = {
	.name = "attributes",
	.collect_process = attributes_collect_process,
	.collect_thread = attributes_collect_thread,
	.ask = attributes_ask,
	.answer = attributes_answer,
};
