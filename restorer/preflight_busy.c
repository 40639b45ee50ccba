/* SPDX-License-Identifier: MIT */
/* Program files that run cannot be written to, and those that are being written to cannot be run (ETXTBSY).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/proc/fd_search.h"
#include "common/proc/proc_dir.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/preflight.h"

/* The files that are to be written to: by inode, borrowed paths. Devices are compared when one is met. */
struct written {
	struct restore *restore;
	struct id_map paths;
};

static void written_done(struct written *written)
{
	id_map_done(&written->paths);
}

static int add_path(struct written *written, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return id_map_set_pointer(&written->paths, st.st_ino, (void *)(uintptr_t)path);
}

static bool is_for_writing(uint32_t flags)
{
	return !(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY;
}

static int collect(struct written *written)
{
	struct restore *restore = written->restore;
	int r = 0;

	for (size_t i = 0; r == 0 && i < restore->objects_count; i++)
		if (restore->objects[i].path && is_for_writing(restore->objects[i].image->flags))
			r = add_path(written, restore->objects[i].path);
	for (size_t i = 0; r == 0 && i < restore->tasks_count; i++) {
		const Cr__Memory *memory = restore->tasks[i].memory;

		for (size_t k = 0; r == 0 && memory && k < memory->n_files; k++)
			if (memory->files[k]->is_writable && !memory->files[k]->ghost_id)
				r = add_path(written, memory->files[k]->path);
	}
	return r;
}

static void check_process(struct written *written, pid_t pid)
{
	char comm[PROC_COMM_SIZE] = "?", name[128], text[PRINTABLE_SIZE];
	cleanup_close int proc_fd = -EBADF;
	const char *path;
	struct stat exe, st;

	if (proc_open(pid, &proc_fd) < 0 || fstatat(proc_fd, "exe", &exe, 0) < 0)
		return;
	path = id_map_get_pointer(&written->paths, exe.st_ino);
	if (!path || stat(path, &st) < 0 || st.st_dev != exe.st_dev)
		return;
	(void)!proc_read_comm(proc_fd, comm);
	blockers_add(&written->restore->blockers,
		     "'%s' cannot be opened for writing: it is the program that '%s' (pid %d) runs",
		     printable(path, text, sizeof(text)), printable(comm, name, sizeof(name)), pid);
}

/*
 * Whether somebody has the file open for writing: then no read lease can be had (F_SETLEASE, fcntl(2)), which
 * is given back at once. Who opens the file for writing in between makes a signal that is ignored.
 */
static bool is_written_to(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_SETSIG, SIGURG) < 0)
		return false;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

static int refuse_program(struct restore *restore, const char *path)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	struct fd_object object = {.type = FD_OBJECT_FILE};
	const struct fd_holder *holders = NULL, *writer = NULL;
	char comm[128], person[192] = "a process that cannot be seen from here", text[PRINTABLE_SIZE];
	size_t count = 0;
	struct stat st;
	int r = stat(path, &st) < 0 ? -errno : 0;

	object.device = st.st_dev;
	object.inode = st.st_ino;
	if (r == 0)
		r = fd_search_add(&search, &object);
	if (r >= 0)
		r = fd_search_run(&search);
	if (r == 0)
		holders = fd_search_get(&search, &object, &count);
	for (size_t i = 0; !writer && i < count; i++)
		if (is_for_writing(holders[i].flags))
			writer = &holders[i];
	if (writer)
		snprintf(person, sizeof(person), "'%s' (pid %d)", printable(writer->comm, comm, sizeof(comm)),
			 writer->pid);
	blockers_add(&restore->blockers,
		     "the program '%s' cannot be run: %s has it open for writing; end that first",
		     printable(path, text, sizeof(text)), person);
	return MIN(r, 0);
}

static int check_programs(struct restore *restore)
{
	const char *last = "";

	for (size_t i = 0; i < restore->tasks_count; i++) {
		const struct task *task = &restore->tasks[i];
		const Cr__MappedFile *exe = task->memory ? task->memory->exe : NULL;
		int r;

		if (!exe || exe->ghost_id || strcmp(exe->path, last) == 0)
			continue;
		last = exe->path;
		r = is_written_to(exe->path) ? refuse_program(restore, exe->path) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int preflight_busy(struct restore *restore)
{
	cleanup_(written_done) struct written written = {.restore = restore};
	cleanup_free int *pids = NULL;
	size_t count = 0;
	int r = collect(&written);

	if (r == 0 && written.paths.count > 0)
		r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		check_process(&written, pids[i]);
	if (r == 0)
		r = check_programs(restore);
	return r < 0 ? log_error_errno(r, "cannot look at what other processes run") : 0;
}
