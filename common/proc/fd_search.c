/* SPDX-License-Identifier: MIT */
/* Looks through the descriptors of all processes. */
#include "common/proc/fd_search.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/proc/cursor.h"
#include "common/proc/fdinfo.h"
#include "common/proc/stat.h"
#include "common/vdso.h"
#include "common/vector.h"
#include "common/workers.h"

/* PF_KTHREAD of the kernel's include/linux/sched.h, as /proc/PID/stat shows it. */
#define KERNEL_FLAG_KTHREAD 0x00200000

/* The links of all but directories that have subdirectories: ".", ".." and one for each thread. */
#define TASK_LINKS_OF_ONE_THREAD 3

/* Fewer are not worth a thread. */
#define PROCESSES_A_THREAD 64

/* Longer than the links of pipes and sockets; of a path the first character is enough. */
#define LINK_SIZE 64

struct fd_search_entry {
	struct fd_object object;
	size_t next; /* another file of the same inode number: index + 1; 0: none */
	struct fd_holder *holders;
	size_t holders_count, holders_capacity;
};

/* One pass, which several threads share. */
struct fd_pass {
	struct fd_search *search;
	const int *pids;
	size_t pids_count;
	atomic_size_t next;   /* in pids */
	pthread_mutex_t lock; /* for what follows, and all results in SEARCH */
	int error;
};

/* A descriptor table being read. */
struct fd_table {
	struct fd_pass *pass;
	pid_t pid;
	int directory_fd; /* its folder "fd" */
	size_t scanned_count;
};

void fd_search_done(struct fd_search *search)
{
	for (size_t i = 0; i < search->entries_count; i++)
		free(search->entries[i].holders);
	free(search->entries);
	for (size_t i = 0; i < ARRAY_SIZE(search->by_inode); i++)
		id_map_done(&search->by_inode[i]);
	id_map_done(&search->excluded);
	*search = (struct fd_search){0};
}

struct fd_object fd_object_anonymous(const char *name)
{
	return (struct fd_object){.type = FD_OBJECT_ANONYMOUS, .inode = fnv1a_hash(name, strlen(name))};
}

bool fd_link_parse(const char *text, size_t size, struct fd_object *ret_object)
{
	static const struct {
		const char *prefix;
		enum fd_object_type type;
	} types[] = {{"pipe:[", FD_OBJECT_PIPE}, {"socket:[", FD_OBJECT_SOCKET}};

	struct cursor anonymous = CURSOR(text, size);

	if (cursor_skip(&anonymous, "anon_inode:")) {
		size -= (size_t)(anonymous.at - text);
		*ret_object = (struct fd_object){.type = FD_OBJECT_ANONYMOUS,
						 .inode = fnv1a_hash(anonymous.at, size)};
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct cursor cursor = CURSOR(text, size);
		uint64_t inode;

		if (!cursor_skip(&cursor, types[i].prefix))
			continue;
		if (cursor_u64(&cursor, 10, &inode) < 0 || !cursor_equals(&cursor, "]"))
			return false;
		*ret_object = (struct fd_object){.type = types[i].type, .inode = inode};
		return true;
	}
	return false;
}

static struct fd_search_entry *find_entry(const struct fd_search *search, const struct fd_object *object)
{
	uint64_t index = 0;

	if (!id_map_get(&search->by_inode[object->type], object->inode, &index))
		return NULL;
	while (index != 0 && search->entries[index - 1].object.device != object->device)
		index = search->entries[index - 1].next;
	return index == 0 ? NULL : &search->entries[index - 1];
}

int fd_search_add(struct fd_search *search, const struct fd_object *object)
{
	struct fd_search_entry *entry;
	uint64_t first = 0;
	int r;

	if (find_entry(search, object))
		return 0;
	entry = vector_append(search, entries);
	if (!entry)
		return -ENOMEM;
	(void)id_map_get(&search->by_inode[object->type], object->inode, &first);
	*entry = (struct fd_search_entry){.object = *object, .next = first};
	r = id_map_set(&search->by_inode[object->type], object->inode, search->entries_count);
	return r < 0 ? r : 1;
}

int fd_search_exclude(struct fd_search *search, pid_t pid)
{
	return id_map_set(&search->excluded, (uint64_t)pid, 1);
}

const struct fd_holder *fd_search_get(const struct fd_search *search, const struct fd_object *object,
				      size_t *ret_count)
{
	const struct fd_search_entry *entry = find_entry(search, object);

	*ret_count = entry ? entry->holders_count : 0;
	return entry ? entry->holders : NULL;
}

/* Known by device and inode. Nothing is asked of a server that may not answer (AT_STATX_DONT_SYNC). */
static bool identify_file(int directory_fd, const char *name, struct fd_object *ret_object)
{
	struct statx file;

	if (statx(directory_fd, name, AT_STATX_DONT_SYNC, STATX_INO, &file) < 0)
		return false;
	*ret_object = (struct fd_object){
		.type = FD_OBJECT_FILE,
		.device = makedev(file.stx_dev_major, file.stx_dev_minor),
		.inode = file.stx_ino,
	};
	return true;
}

/* What of the objects that are looked for the link NAME leads to, NULL if none. -EACCES if it may not be
 * read. */
static int look_at(const struct fd_search *search, int directory_fd, const char *name,
		   struct fd_search_entry **ret_entry)
{
	struct fd_object object;
	char link[LINK_SIZE];
	ssize_t size = readlinkat(directory_fd, name, link, sizeof(link));
	bool is_path = size < 0 ? errno == ENAMETOOLONG : size > 0 && (link[0] == '/' || link[0] == '(');
	bool is_known = false;

	if (size < 0 && (errno == EACCES || errno == EPERM))
		return -EACCES;
	if (is_path)
		is_known = search->by_inode[FD_OBJECT_FILE].count > 0 &&
			   identify_file(directory_fd, name, &object);
	else
		is_known = size > 0 && fd_link_parse(link, (size_t)size, &object);
	*ret_entry = is_known ? find_entry(search, &object) : NULL;
	return 0;
}

static int append(struct fd_pass *pass, struct fd_search_entry *entry, const struct fd_holder *holder)
{
	struct fd_holder *slot;

	pthread_mutex_lock(&pass->lock);
	slot = vector_append(entry, holders);
	if (slot)
		*slot = *holder;
	pthread_mutex_unlock(&pass->lock);
	return slot ? 0 : -ENOMEM;
}

/* kcmp(2): whether two threads are known to have one table. */
static bool has_same_table(pid_t one, pid_t other)
{
	return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) == 0;
}

bool fd_search_is_own(pid_t pid)
{
	return pid == getpid() || has_same_table(pid, getpid());
}

/* Of an anonymous one nothing that is wanted is in the fdinfo, which may be large: an epoll's has all
 * targets. */
static int note(const struct fd_table *table, struct fd_search_entry *entry, int fd)
{
	bool is_ours = fd_search_is_own(table->pid);
	bool is_anonymous = entry->object.type == FD_OBJECT_ANONYMOUS;
	cleanup_(fdinfo_done) struct fdinfo fdinfo = {0};
	struct fd_holder holder = {.pid = table->pid, .fd = fd};
	cleanup_close int proc_fd = openat(table->directory_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = is_anonymous && !is_ours ? 0 : fdinfo_read(proc_fd, fd, &fdinfo);

	if (r == 0)
		r = proc_read_comm(proc_fd, holder.comm);
	if (r == -ENOMEM)
		return r;
	if (r < 0) /* closed, or ended, in this moment */
		return 0;
	if (is_ours && fdinfo.flags & O_CLOEXEC)
		return 0;
	holder.flags = is_anonymous ? 0 : fdinfo.flags & ~(uint32_t)O_CLOEXEC;
	return append(table->pass, entry, &holder);
}

/* The descriptors below PATH, a folder "fd". -EACCES if they may not be read. */
static int scan_table(struct fd_table *table, int directory_fd, const char *path)
{
	cleanup_closedir DIR *directory = NULL;
	const struct dirent *item;
	int r = 0;

	table->directory_fd = openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (table->directory_fd < 0)
		return -errno;
	directory = fdopendir(table->directory_fd);
	if (!directory) { /* for want of memory, or because the process has ended in this moment */
		r = -errno;
		close_fd(&table->directory_fd);
		return r;
	}
	while (r == 0 && (item = readdir(directory))) {
		struct fd_search_entry *entry = NULL;

		if (item->d_name[0] == '.')
			continue;
		table->scanned_count++;
		r = look_at(table->pass->search, table->directory_fd, item->d_name, &entry);
		if (r == 0 && entry)
			r = note(table, entry, atoi(item->d_name));
	}
	return r;
}

/* Threads that have other tables than the leader, which may have ended before them. */
static int scan_threads(struct fd_table *table, int proc_fd)
{
	cleanup_free pid_t *tids = NULL;
	pid_t last = table->pid;
	size_t count;
	int r = proc_list_threads(proc_fd, &tids, &count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		char path[48];

		if (tids[i] == table->pid || has_same_table(tids[i], table->pid) ||
		    (last != table->pid && has_same_table(tids[i], last)))
			continue;
		last = tids[i];
		snprintf(path, sizeof(path), "task/%d/fd", tids[i]);
		r = scan_table(table, proc_fd, path);
		if (r != -ENOMEM)
			r = 0;
	}
	return r;
}

static bool is_kernel_thread(int proc_fd)
{
	struct stat_info stat;

	return stat_read(proc_fd, &stat) == 0 && stat.kernel_flags & KERNEL_FLAG_KTHREAD;
}

/* 1 if it could not be read. */
static int scan_process(struct fd_table *table)
{
	cleanup_close int proc_fd = -EBADF;
	struct stat tasks;
	int r = proc_open(table->pid, &proc_fd);

	if (r < 0) /* it has ended */
		return 0;
	r = scan_table(table, proc_fd, "fd");
	if (r == -ENOMEM)
		return r;
	if (r == -EACCES || r == -EPERM)
		return is_kernel_thread(proc_fd) ? 0 : 1;
	if (fstatat(proc_fd, "task", &tasks, 0) < 0 || tasks.st_nlink <= TASK_LINKS_OF_ONE_THREAD)
		return 0;
	r = scan_threads(table, proc_fd);
	return r == -ENOMEM ? r : 0;
}

static void *run_part(void *argument)
{
	struct fd_pass *pass = argument;
	size_t unreadable = 0, scanned = 0, i;
	int r = 0;

	while (r >= 0 && (i = atomic_fetch_add(&pass->next, 1)) < pass->pids_count) {
		struct fd_table table = {.pass = pass, .pid = pass->pids[i]};

		if (id_map_get(&pass->search->excluded, (uint64_t)table.pid, NULL))
			continue;
		r = scan_process(&table);
		unreadable += r > 0;
		scanned += table.scanned_count;
	}
	pthread_mutex_lock(&pass->lock);
	pass->search->unreadable_count += unreadable;
	pass->search->scanned_count += scanned;
	if (r < 0)
		pass->error = r;
	pthread_mutex_unlock(&pass->lock);
	return NULL;
}

static int compare_holders(const void *left, const void *right)
{
	const struct fd_holder *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* Into order, and each once: tables that could not be compared may have been read as two. */
static void settle(struct fd_search_entry *entry)
{
	size_t kept = 0;

	if (entry->holders_count == 0)
		return;
	qsort(entry->holders, entry->holders_count, sizeof(*entry->holders), compare_holders);
	for (size_t i = 1; i < entry->holders_count; i++) {
		if (compare_holders(&entry->holders[kept], &entry->holders[i]) != 0)
			entry->holders[++kept] = entry->holders[i];
	}
	entry->holders_count = kept + 1;
}

int fd_search_run(struct fd_search *search)
{
	cleanup_free int *pids = NULL;
	struct fd_pass pass = {.search = search, .lock = PTHREAD_MUTEX_INITIALIZER};
	struct workers workers = {0};
	int r;

	search->unreadable_count = 0;
	search->scanned_count = 0;
	for (size_t i = 0; i < search->entries_count; i++)
		search->entries[i].holders_count = 0;
	r = proc_list_numbers(AT_FDCWD, "/proc", &pids, &pass.pids_count);
	if (r < 0)
		return r;
	pass.pids = pids;
	/* This thread is one of them; if there can be no more, so be it. */
	(void)!workers_start(
		&workers, MIN(workers_default_count() - 1, (unsigned)(pass.pids_count / PROCESSES_A_THREAD)),
		run_part, &pass);
	run_part(&pass);
	workers_join(&workers);
	for (size_t i = 0; i < search->entries_count; i++)
		settle(&search->entries[i]);
	return pass.error;
}
