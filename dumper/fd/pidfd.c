/* SPDX-License-Identifier: MIT */
/* Descriptors of processes, pidfd_open(2), at dump. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/cursor.h"
#include "common/proc/proc_dir.h"
#include "common/uapi_pidfd.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/tree.h"
#include "format/fd/pidfd.h"

/* Processes that are gone, by the inode of their pidfds (since Linux 6.9): their number. */
struct gone {
	struct id_map numbers;
};

static bool pidfd_matches(const struct fd_info *info)
{
	return fd_info_is_anonymous(info, "[pidfd]");
}

static int gone_number(struct dump *dump, uint64_t inode, uint32_t *ret_number)
{
	struct gone *gone = dump->fd_kind_states[FD_KIND_pidfd];
	uint64_t number = 0;
	int r = 0;

	if (!gone)
		dump->fd_kind_states[FD_KIND_pidfd] = gone = calloc(1, sizeof(*gone));
	if (!gone)
		return log_error_errno(-ENOMEM, "cannot note its process");
	if (!id_map_get(&gone->numbers, inode, &number)) {
		number = gone->numbers.count + 1;
		r = id_map_set(&gone->numbers, inode, number);
	}
	*ret_number = (uint32_t)number;
	return r < 0 ? log_error_errno(r, "cannot note its process") : 0;
}

/* Nobody can wait for it any more, but the descriptor may still tell how it ended. */
static int collect_gone(struct dump *dump, const struct fd_info *info, Cr__Pidfd *entry)
{
	struct uapi_pidfd_info answer = {.mask = UAPI_PIDFD_INFO_EXIT};

	if (ioctl(info->our_fd, UAPI_PIDFD_GET_INFO, &answer) == 0 && answer.mask & UAPI_PIDFD_INFO_EXIT)
		entry->exit_status = answer.exit_status;
	if (WIFSIGNALED(entry->exit_status) && WCOREDUMP(entry->exit_status)) {
		entry->exit_status &= ~0x80;
		log_notice("the status of its process will not say any more that it left a core file");
	}
	return gone_number(dump, info->stat.st_ino, &entry->gone_id);
}

static void refuse_outside(struct dump *dump, pid_t pid)
{
	cleanup_close int proc_fd = -EBADF;
	char comm[PROC_COMM_SIZE] = "?", text[128];

	if (pid == 0) {
		blockers_add(
			&dump->blockers,
			"is a pidfd of a process in another pid namespace, which is not part of the dump");
		return;
	}
	if (proc_open(pid, &proc_fd) == 0)
		(void)!proc_read_comm(proc_fd, comm);
	blockers_add(&dump->blockers, "is a pidfd of process %d ('%s'), which is not part of the dump",
		     (int)pid, printable(comm, text, sizeof(text)));
}

static int read_pid(const struct fdinfo *fdinfo, pid_t *ret_pid)
{
	const char *text = fdinfo_get(fdinfo, "Pid");
	struct cursor cursor;

	if (!text)
		return -EBADMSG;
	cursor = CURSOR(text, strlen(text));
	return cursor_i32(&cursor, ret_pid);
}

static int pidfd_collect(struct dump *dump, const struct process *process maybe_unused,
			 const struct fd_info *info, struct open_file *file)
{
	Cr__Pidfd *entry = arena_new(&dump->arena, Cr__Pidfd);
	bool is_inside;
	pid_t pid = 0;
	int r = entry ? read_pid(&info->fdinfo, &pid) : -ENOMEM;

	if (r < 0)
		return log_error_errno(r, "cannot tell whose pidfd it is");
	cr__pidfd__init(entry);
	file->entry = &entry->base;
	if (pid < 0) {
		file->description = "of a process that is gone";
		return collect_gone(dump, info, entry);
	}
	is_inside =
		info->flags & UAPI_PIDFD_THREAD ? tree_has_thread(dump, pid) : tree_has_process(dump, pid);
	if (!is_inside)
		refuse_outside(dump, pid);
	entry->pid = pid;
	file->description = arena_format(&dump->arena, "of %s %d",
					 info->flags & UAPI_PIDFD_THREAD ? "thread" : "process", (int)pid);
	return file->description ? 0 : log_error_errno(-ENOMEM, "cannot note its process");
}

static void pidfd_done(struct dump *dump)
{
	struct gone *gone = dump->fd_kind_states[FD_KIND_pidfd];

	if (gone)
		id_map_done(&gone->numbers);
	free(gone);
}

const struct fd_dumper pidfd_fd_dumper = {
	.name = "pidfd",
	.matches = pidfd_matches,
	.collect = pidfd_collect,
	.done = pidfd_done,
};
