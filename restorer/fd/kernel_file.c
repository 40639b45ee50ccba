/* SPDX-License-Identifier: MIT */
/* Files of /proc, /sys and control groups, at restore. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "common/proc/stat.h"
#include "format/fd/kernel_file.h"
#include "restorer/dead_process.h"
#include "restorer/fd/named_file.h"
#include "restorer/plan.h"

static const Cr__KernelFile *entry_of(const struct object *object)
{
	return (const Cr__KernelFile *)object->entry;
}

static int kernel_file_read(struct restore *restore maybe_unused, struct object *object,
			    const char **ret_reason)
{
	return kernel_file_check(entry_of(object), ret_reason);
}

static bool is_of_process(const struct object *object, pid_t *ret_pid)
{
	const char *rest;
	pid_t tid;

	return kernel_file_is_of_process(entry_of(object)->path, ret_pid, &tid, &rest);
}

static int kernel_file_plan(struct restore *restore, struct object *object)
{
	pid_t pid;

	if (entry_of(object)->is_gone || entry_of(object)->start_ticks || !is_of_process(object, &pid) ||
	    plan_has_thread(restore, pid))
		return 0;
	log_error("bad archive: open file %u is '/proc/%d/...', of a process that is not there",
		  object->image->id, pid);
	return -EBADMSG;
}

/* A task that will have it; NULL: none has a descriptor of it. */
static const struct task *find_user(const struct restore *restore, const struct object *object)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		const Cr__DescriptorTable *table = restore->tasks[i].descriptors;

		for (size_t k = 0; table && k < table->n_descriptors; k++)
			if (table->descriptors[k]->open_file_id == object->image->id)
				return &restore->tasks[i];
	}
	return NULL;
}

/*
 * Some files show more to whoever opens them as root (addresses of the kernel, for one): the program is to be
 * shown what its own user may see, unless it needed more to open the file. The system calls are for this
 * thread alone; the rights come back with the user id.
 */
static int open_as_user(const struct object *object, uid_t uid, int *ret_fd)
{
	const Cr__KernelFile *entry = entry_of(object);
	int fd, error, dumpable = prctl(PR_GET_DUMPABLE);
	uid_t own = geteuid();

	if (uid == own || syscall(SYS_setresuid, -1, uid, -1) < 0)
		return -EPERM;
	fd = open(entry->path, (int)object->image->flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	error = errno;
	if (syscall(SYS_setresuid, -1, own, -1) < 0) {
		close_fd(&fd);
		return log_error_errno(-errno, "cannot take back the own user id");
	}
	/* A change of ids has changed that, too. */
	if (dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1);
	if (fd < 0)
		return -error;
	*ret_fd = fd;
	return 0;
}

/* It is there, and no later one with that number. */
static bool is_same_process(const struct restore *restore, const struct object *object)
{
	cleanup_close int proc_fd = -EBADF;
	struct stat_info stat;
	pid_t pid = 0;

	/* Whoever runs that is the one that is meant. */
	if (is_of_process(object, &pid) && pid == 1)
		return true;
	return strcmp(restore->manifest->host->boot_id, restore->features.boot_id) == 0 &&
	       proc_open(pid, &proc_fd) == 0 && stat_read(proc_fd, &stat) == 0 &&
	       stat.start_ticks == entry_of(object)->start_ticks;
}

static int open_gone(struct restore *restore, const struct object *object, int *ret_fd)
{
	const Cr__KernelFile *entry = entry_of(object);
	Cr__OpenFile *image = object->image;
	int r = dead_process_open(restore, entry->path, image->flags, entry->mode, ret_fd);

	/* It need not tell as much as the one before. */
	if (r == 0 && image->position > 0 && lseek(*ret_fd, image->position, SEEK_SET) < 0) {
		log_notice("'%s' is of a process that is gone, and cannot be positioned at %jd: %s",
			   entry->path, (intmax_t)image->position, strerror(errno));
		image->position = 0;
	}
	return r;
}

/* Of a process that runs outside, or ran. */
static int open_outsider(struct restore *restore, const struct object *object, int *ret_fd)
{
	const Cr__KernelFile *entry = entry_of(object);

	if (is_same_process(restore, object))
		return named_file_open_path(entry->path, object->image->flags, entry->mode, 0, ret_fd);
	log_notice("'%s' was of a process that is not there any more: so it is for the program", entry->path);
	return open_gone(restore, object, ret_fd);
}

/*
 * What tells of memory (maps, mem, environ and the like) cannot be opened of a process, or of a first thread,
 * that has come to its end and not been waited for: who has it open had opened it before.
 */
static bool has_no_memory(const struct object *object)
{
	cleanup_close int fd =
		open(entry_of(object)->path, (int)object->image->flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 && errno == ESRCH;
}

static int open_it(struct restore *restore, const struct object *object, int *ret_fd)
{
	const struct task *task = find_user(restore, object);
	const Cr__Credentials *credentials = task ? task->image->threads[0]->credentials : NULL;
	const Cr__KernelFile *entry = entry_of(object);
	bool is_of_any;
	pid_t pid;

	if (entry->is_gone)
		return open_gone(restore, object, ret_fd);
	if (entry->start_ticks)
		return open_outsider(restore, object, ret_fd);
	is_of_any = is_of_process(object, &pid);
	if (is_of_any && has_no_memory(object))
		return open_gone(restore, object, ret_fd);
	if (!is_of_any && credentials && credentials->n_uids > 1 && credentials->uids[1] != 0 &&
	    open_as_user(object, credentials->uids[1], ret_fd) == 0)
		return 0;
	return named_file_open_path(entry->path, object->image->flags, entry->mode, 0, ret_fd);
}

static int kernel_file_open(struct restore *restore, const struct object *object, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	char byte;
	int r = open_it(restore, object, &fd);

	if (r < 0)
		return r;
	/* That is how it comes to know that the file has been read. */
	if (entry_of(object)->is_read && (read(fd, &byte, 1) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return log_error_errno(-errno, "cannot read '%s'", entry_of(object)->path);
	*ret_fd = take_fd(&fd);
	return 0;
}

const struct fd_restorer kernel_file_fd_restorer = {
	.name = "kernel_file",
	.has_addresses = true,
	.read = kernel_file_read,
	.plan = kernel_file_plan,
	.open = kernel_file_open,
};
