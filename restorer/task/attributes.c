/* SPDX-License-Identifier: MIT */
/* Attributes of a process and its threads: names, directories, prctl(2) states, what the C library
 * registered. */
#include <asm/prctl.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/membarrier.h"
#include "format/fd/kernel_file.h"
#include "restorer/ghosts.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

/* Newer than many systems' headers. */
#define SET_IO_FLUSHER 57
#define SET_MDWE 65
#define MDWE_BITS 3
#define SET_MEMORY_MERGE 67
#define ARCH_SET_CPUID_STATE 0x1012

#define COMM_SIZE 16
#define UMASK_BITS 0777
#define PERSONALITY_QUERY UINT32_MAX
#define COREDUMP_FILTER_BITS 0x1ff
#define OOM_SCORE_ADJ_MAX 1000
#define OOM_TEXT_SIZE 32

/* Of the calls that are added for a process, and for a thread. */
#define PROCESS_CALLS_MAX 32
#define THREAD_CALLS_MAX 16

static bool may_manage_resources(const struct restore *restore)
{
	return kernel_features_has_cap(&restore->features, CAP_SYS_RESOURCE);
}

/* The plan, which knows, is not made yet. */
static bool has_process(const struct restore *restore, pid_t pid)
{
	for (size_t i = 0; i < restore->tasks_count; i++)
		if (restore->tasks[i].image->pid == pid)
			return true;
	return false;
}

static int directory_check(struct restore *restore, const char *what, const Cr__Directory *directory)
{
	const char *rest;
	pid_t pid, tid;
	struct stat st;

	if (!directory || directory->path[0] != '/' || strlen(directory->path) >= PATH_MAX)
		return bad_image("its %s directory is no absolute path", what);
	if (directory->ghost_id)
		return 0; /* ghosts_plan() */
	/* Of a process that is yet to be made. */
	if (kernel_file_is_of_process(directory->path, &pid, &tid, &rest) && has_process(restore, pid))
		return 0;
	if (stat(directory->path, &st) < 0)
		blockers_add(&restore->blockers,
			     "its %s directory '%s' cannot be reached (%s): it must be there again", what,
			     directory->path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		blockers_add(&restore->blockers, "its %s directory '%s' is no directory here", what,
			     directory->path);
	return 0;
}

static bool is_chrooted(const Cr__Process *image)
{
	return image->root->ghost_id || strcmp(image->root->path, "/") != 0;
}

static int directories_check(struct restore *restore, const Cr__Process *image)
{
	int r = directory_check(restore, "root", image->root);

	if (r < 0)
		return r;
	if (is_chrooted(image) && !kernel_features_has_cap(&restore->features, CAP_SYS_CHROOT))
		blockers_add(&restore->blockers,
			     "its root directory is '%s': run cr-restore with CAP_SYS_CHROOT",
			     image->root->path);
	return directory_check(restore, "working", image->working_directory);
}

static int process_check(struct restore *restore, const Cr__Process *image)
{
	if (image->umask > UMASK_BITS)
		return bad_image("its umask is 0%o", image->umask);
	if (image->personality >= PERSONALITY_QUERY)
		return bad_image("its personality is 0x%llx", (unsigned long long)image->personality);
	if (image->memory_deny_write_execute & ~(uint32_t)MDWE_BITS)
		return bad_image("its memory-deny-write-execute state is 0x%x",
				 image->memory_deny_write_execute);
	if (image->coredump_filter & ~(uint64_t)COREDUMP_FILTER_BITS)
		return bad_image("its core dump filter is 0x%llx",
				 (unsigned long long)image->coredump_filter);
	if (image->membarrier_registrations & ~(uint32_t)MEMBARRIER_REGISTRATIONS)
		return bad_image("its membarrier registrations are 0x%x", image->membarrier_registrations);
	if (image->membarrier_registrations & ~(uint32_t)MAX(syscall(SYS_membarrier, 0, 0, 0), 0L))
		blockers_add(
			&restore->blockers,
			"uses membarrier(2) in ways that this kernel, or how it was booted, lacks (0x%x)",
			image->membarrier_registrations);
	if (abs(image->oom_score_adj) > OOM_SCORE_ADJ_MAX)
		return bad_image("its oom_score_adj is %d", image->oom_score_adj);
	if (image->oom_score_adj < restore->own_credentials.oom_score_adj && !may_manage_resources(restore))
		blockers_add(&restore->blockers,
			     "its oom_score_adj is %d, and that of cr-restore %d, which only "
			     "CAP_SYS_RESOURCE can lower",
			     image->oom_score_adj, restore->own_credentials.oom_score_adj);
	return directories_check(restore, image);
}

static int thread_check(struct restore *restore, const Cr__Thread *thread)
{
	if (thread->comm.len >= COMM_SIZE ||
	    memchr(thread->comm.data ? thread->comm.data : (uint8_t *)"", '\0', thread->comm.len))
		return bad_image("its name has %zu bytes or a NUL", thread->comm.len);
	if (thread->tsc_mode < 0 || thread->tsc_mode > PR_TSC_SIGSEGV)
		return bad_image("its TSC mode is %d", thread->tsc_mode);
	if (thread->mce_kill_policy > PR_MCE_KILL_DEFAULT)
		return bad_image("its policy for memory errors is %u", thread->mce_kill_policy);
	if (thread->personality >= PERSONALITY_QUERY)
		return bad_image("its personality is 0x%llx", (unsigned long long)thread->personality);
	if (thread->timer_slack_ns > LONG_MAX)
		return bad_image("its timer slack is %llu ns", (unsigned long long)thread->timer_slack_ns);
	if (thread->is_io_flusher && !may_manage_resources(restore))
		blockers_add(&restore->blockers,
			     "is an I/O flusher (prctl): run cr-restore with CAP_SYS_RESOURCE");
	if (thread->is_cpuid_faulting && syscall(SYS_arch_prctl, ARCH_SET_CPUID_STATE, 1) < 0)
		blockers_add(&restore->blockers,
			     "has the cpuid instruction turned off (arch_prctl), which this CPU cannot");
	return 0;
}

static int attributes_check(struct restore *restore, const struct task *task)
{
	int r = process_check(restore, task->image);

	for (size_t i = 0; r == 0 && i < task->image->n_threads; i++) {
		LOG_SCOPE("tid %d", task->image->threads[i]->tid);
		r = thread_check(restore, task->image->threads[i]);
	}
	return r;
}

/* A removed one is a descriptor of cr-restore. */
static unsigned directory_open(const struct restore *restore, struct batch *batch,
			       const Cr__Directory *directory)
{
	unsigned pidfd, opened;
	int door;

	if (!directory->ghost_id)
		return batch_call(batch, SYS_openat, (uint64_t)(int64_t)AT_FDCWD,
				  batch_string(batch, directory->path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	door = ghosts_door(restore, directory->ghost_id, directory->path);
	pidfd = batch_call(batch, SYS_pidfd_open, (uint64_t)getpid(), 0);
	opened = batch_call(batch, SYS_pidfd_getfd, 0, (uint64_t)(int64_t)door, 0);
	batch_refer(batch, 0, pidfd);
	(void)batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, pidfd);
	return opened;
}

static void directory_call(struct batch *batch, long number, unsigned opened)
{
	(void)batch_call(batch, number, 0);
	batch_refer(batch, 0, opened);
}

/* Both paths are those of the host, so both are opened before the root changes. */
static void directories_add(const struct restore *restore, const Cr__Process *image, struct batch *batch)
{
	unsigned working = directory_open(restore, batch, image->working_directory);

	if (is_chrooted(image)) {
		unsigned root = directory_open(restore, batch, image->root);

		directory_call(batch, SYS_fchdir, root);
		(void)batch_call(batch, SYS_chroot, batch_string(batch, "."));
		directory_call(batch, SYS_close, root);
	}
	directory_call(batch, SYS_fchdir, working);
	directory_call(batch, SYS_close, working);
}

static int attributes_process(struct restore *restore, struct task *task, struct batch *batch)
{
	const Cr__Process *image = task->image;
	size_t paths = strlen(image->root->path) + strlen(image->working_directory->path) + 128;
	int r = task_batch_room(&task->threads[0], PROCESS_CALLS_MAX, paths, "its state");

	if (r < 0)
		return r;
	if (task_owns(task, SHARED_FS)) {
		directories_add(restore, image, batch);
		(void)batch_call(batch, SYS_umask, image->umask);
	}
	(void)batch_call(batch, SYS_prctl, PR_SET_THP_DISABLE, image->is_thp_disabled);
	if (image->is_child_subreaper)
		(void)batch_call(batch, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
	if (image->has_memory_merge)
		(void)batch_call(batch, SYS_prctl, SET_MEMORY_MERGE, 1);
	for (uint32_t bit = 1; bit != 0 && bit <= image->membarrier_registrations; bit <<= 1)
		if (image->membarrier_registrations & bit)
			(void)batch_call(batch, SYS_membarrier, bit, 0, 0);
	/* All mappings are there; none of ours becomes executable after this. */
	if (image->memory_deny_write_execute)
		(void)batch_call(batch, SYS_prctl, SET_MDWE, image->memory_deny_write_execute);
	return 0;
}

static void registrations_add(const Cr__Thread *image, struct batch *batch)
{
	(void)batch_call(batch, SYS_set_tid_address, image->clear_child_tid);
	if (image->robust_list)
		(void)batch_call(batch, SYS_set_robust_list, image->robust_list, image->robust_list_size);
	if (image->rseq && image->rseq->address)
		(void)batch_call(batch, SYS_rseq, image->rseq->address, image->rseq->size, 0,
				 image->rseq->signature);
}

static int attributes_thread(struct restore *restore maybe_unused, struct task *task, struct thread *thread,
			     struct batch *batch)
{
	const Cr__Thread *image = thread->image;
	char name[COMM_SIZE] = "";
	int r = task_batch_room(thread, THREAD_CALLS_MAX, 2 * sizeof(name), "its state");

	if (r < 0)
		return r;
	if (image->comm.len > 0)
		memcpy(name, image->comm.data, image->comm.len);
	(void)batch_call(batch, SYS_prctl, PR_SET_NAME, batch_data(batch, name, sizeof(name)));
	registrations_add(image, batch);
	/* The kernel keeps one for each thread, handed on at clone. */
	(void)batch_call(batch, SYS_personality,
			 image->has_own_personality ? image->personality : task->image->personality);
	(void)batch_call(batch, SYS_prctl, PR_MCE_KILL, PR_MCE_KILL_SET, image->mce_kill_policy);
	/* 0 is what a real-time thread has, for which it means nothing. */
	if (image->timer_slack_ns > 0)
		(void)batch_call(batch, SYS_prctl, PR_SET_TIMERSLACK, image->timer_slack_ns);
	if (image->is_io_flusher)
		(void)batch_call(batch, SYS_prctl, SET_IO_FLUSHER, 1);
	if (image->tsc_mode == PR_TSC_SIGSEGV)
		(void)batch_call(batch, SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
	if (image->is_cpuid_faulting)
		(void)batch_call(batch, SYS_arch_prctl, ARCH_SET_CPUID_STATE, 0);
	return 0;
}

static int proc_write(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	r = file_write_at(AT_FDCWD, path, text);
	return r < 0 ? log_error_errno(r, "cannot write %s to '%s'", text, path) : 0;
}

/* Both belong to the process, or its memory. */
static int attributes_outside(struct restore *restore, struct task *task, struct thread *thread)
{
	const Cr__Process *image = task->image;
	char text[OOM_TEXT_SIZE];
	int r;

	if (thread != &task->threads[0])
		return 0;
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)image->coredump_filter);
	r = proc_write(image->pid, "coredump_filter", text);
	if (r < 0 || image->oom_score_adj == restore->own_credentials.oom_score_adj)
		return r;
	snprintf(text, sizeof(text), "%d", image->oom_score_adj);
	return proc_write(image->pid, "oom_score_adj", text);
}

const struct task_restorer attributes_task_restorer = {
	.name = "attributes",
	.check = attributes_check,
	.process = attributes_process,
	.thread = attributes_thread,
	.outside = attributes_outside,
};
