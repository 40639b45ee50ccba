/* SPDX-License-Identifier: MIT */
/* Looks through the mappings of all processes that are not dumped. */
#include "dumper/map_search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"

static void identify(int proc_fd, const struct vma *vma, struct map_holder *holder)
{
	char link[64];
	struct stat st;

	holder->device = makedev(vma->dev_major, vma->dev_minor);
	holder->inode = vma->inode;
	snprintf(link, sizeof(link), "map_files/%lx-%lx", (unsigned long)vma->start, (unsigned long)vma->end);
	if (fstatat(proc_fd, link, &st, 0) < 0)
		return;
	holder->device = st.st_dev;
	holder->inode = st.st_ino;
}

static int search_process(struct dump *dump, const struct map_search *search, pid_t pid)
{
	cleanup_(vma_list_done) struct vma_list list = {0};
	struct map_holder holder = {.pid = pid};
	cleanup_close int proc_fd = -EBADF;
	int r = proc_open(pid, &proc_fd);

	if (r == 0)
		r = vma_list_read(proc_fd, VMA_DETAIL_MAPS, &list);
	if (r == 0)
		r = proc_read_comm(proc_fd, holder.comm);
	for (size_t i = 0; r == 0 && i < list.vmas_count; i++) {
		const struct vma *vma = &list.vmas[i];

		if (vma->inode == 0 || !search->is_wanted(vma->inode, search->context))
			continue;
		identify(proc_fd, vma, &holder);
		holder.start = vma->start;
		holder.is_shared = vma->is_shared;
		holder.may_write = vma->is_shared && vma->prot & PROT_WRITE;
		r = search->found(dump, &holder, search->context);
	}
	return r;
}

int map_search_run(struct dump *dump, const struct map_search *search, size_t *ret_unreadable)
{
	cleanup_(id_map_done) struct id_map excluded = {0};
	cleanup_free int *pids = NULL;
	size_t count = 0, unreadable = 0;
	int r = id_map_set(&excluded, (uint64_t)getpid(), 1);

	for (size_t i = 0; r == 0 && i < dump->processes_count; i++)
		r = id_map_set(&excluded, (uint64_t)dump->processes[i].pidref.pid, 1);
	if (r == 0)
		r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (id_map_get(&excluded, (uint64_t)pids[i], NULL))
			continue;
		r = search_process(dump, search, pids[i]);
		if (r == -EACCES || r == -EPERM)
			unreadable++;
		if (r != -ENOMEM) /* the others have ended meanwhile */
			r = 0;
	}
	if (r < 0)
		return log_error_errno(r, "cannot look at the mappings of other processes");
	*ret_unreadable = unreadable;
	return 0;
}
