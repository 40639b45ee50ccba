/* SPDX-License-Identifier: MIT */
/* Who has terminals open. */
#include "common/proc/terminal_holders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/pidref.h"
#include "common/proc/fdinfo.h"
#include "common/terminal.h"
#include "common/vector.h"

/* Linux's devices.txt: /dev/ptmx, by whatever name. */
#define PTMX_DEVICE makedev(5, 2)

#define DELETED_SUFFIX " (deleted)"

void terminal_holders_done(struct terminal_holders *holders)
{
	free(holders->items);
	*holders = (struct terminal_holders){0};
}

/*
 * Whether the last part of a path is like that of a terminal: a number, ptmx, or a name that one may be
 * mounted over. Others are not looked at: to look at a file may take for ever (NFS).
 */
static bool may_be_terminal(const char *link)
{
	const char *slash = strrchr(link, '/');
	const char *name = slash ? slash + 1 : "";
	size_t digits = strspn(name, "0123456789");

	if (link[0] != '/')
		return false;
	if (digits > 0)
		return name[digits] == '\0' || strcmp(name + digits, DELETED_SUFFIX) == 0;
	return strncmp(name, "ptmx", 4) == 0 || strncmp(name, "tty", 3) == 0 ||
	       strncmp(name, "hvc", 3) == 0 || strncmp(name, "console", 7) == 0;
}

/* Whether it may be one; then HOLDER says which. */
static bool look(int proc_fd, struct terminal_holder *holder)
{
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};
	cleanup_free char *link = NULL;
	struct stat st;
	char path[32];
	uint64_t index;

	snprintf(path, sizeof(path), "fd/%d", holder->fd);
	if (file_readlink_at(proc_fd, path, &link) < 0 || !may_be_terminal(link) ||
	    fstatat(proc_fd, path, &st, 0) < 0 || !S_ISCHR(st.st_mode))
		return false;
	holder->is_master = st.st_rdev == PTMX_DEVICE;
	holder->device = st.st_rdev;
	holder->filesystem = st.st_dev;
	if (!holder->is_master)
		return true;
	if (fdinfo_read(proc_fd, holder->fd, &fdinfo) < 0 ||
	    fdinfo_get_u64(&fdinfo, "tty-index", 10, &index) < 0)
		return false;
	holder->device = terminal_pseudo_device((unsigned)index);
	return true;
}

static int read_process(struct terminal_holders *holders, pid_t pid)
{
	struct terminal_holder holder = {.pid = pid};
	cleanup_close int proc_fd = -EBADF;
	cleanup_free int *fds = NULL;
	size_t count;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = proc_list_numbers(proc_fd, "fd", &fds, &count);
	if (r == -EACCES || r == -EPERM)
		holders->unreadable_count++;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	(void)!proc_read_comm(proc_fd, holder.comm);
	for (size_t i = 0; i < count; i++) {
		struct terminal_holder *slot;

		holder.fd = fds[i];
		if (!look(proc_fd, &holder))
			continue;
		slot = vector_append(holders, items);
		if (!slot)
			return -ENOMEM;
		*slot = holder;
	}
	return 0;
}

int terminal_holder_find_filesystem(const struct terminal_holder *master, dev_t *ret_filesystem)
{
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	cleanup_close int fd = -EBADF;
	int r = pidref_open(master->pid, &pidref);

	if (r == 0)
		r = pidref_getfd(&pidref, master->fd, &fd);
	return r < 0 ? r : terminal_find_slave(fd, ret_filesystem, NULL);
}

int terminal_holders_read(struct terminal_holders *ret)
{
	cleanup_(terminal_holders_done) struct terminal_holders holders = {0};
	cleanup_free int *pids = NULL;
	size_t count;
	int r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &count);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_process(&holders, pids[i]);
	if (r < 0)
		return r;
	*ret = holders;
	holders = (struct terminal_holders){0};
	return 0;
}
