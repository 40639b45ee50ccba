/* SPDX-License-Identifier: MIT */
/* Which semaphores and message queues are there, and makes those that are not. */
#include "restorer/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "common/proc/ns_links.h"
#include "common/proc/proc_dir.h"
#include "common/proc/stat.h"
#include "format/ipc.h"
#include "format/message.h"

/* The ids that the next ones get (kernel Documentation/admin-guide/sysctl/kernel.rst). */
#define NEXT_SET_FILE "/proc/sys/kernel/sem_next_id"
#define NEXT_QUEUE_FILE "/proc/sys/kernel/msg_next_id"

/* How long a message may be, and how many bytes a queue holds unless CAP_SYS_RESOURCE raises that. */
#define MESSAGE_SIZE_FILE "/proc/sys/kernel/msgmax"
#define QUEUE_SIZE_FILE "/proc/sys/kernel/msgmnb"

union semun {
	int value;
	struct semid_ds *facts;
	unsigned short *values;
};

int ipc_read(struct restore *restore, Cr__Ipc *image)
{
	struct ipc *ipc = calloc(1, sizeof(*ipc));
	const char *reason;

	if (!ipc) {
		message_free(&image->base);
		return log_error_errno(-ENOMEM, "cannot read the semaphores");
	}
	restore->ipc = ipc;
	ipc->image = image;
	if (ipc_check(image, &reason) < 0) {
		log_error("bad archive: %s", reason);
		return -EBADMSG;
	}
	ipc->sets = calloc(image->n_sets + 1, sizeof(*ipc->sets));
	ipc->queues = calloc(image->n_queues + 1, sizeof(*ipc->queues));
	return ipc->sets && ipc->queues ? 0 : log_error_errno(-ENOMEM, "cannot read the semaphores");
}

struct task *ipc_find_actor(struct restore *restore, int32_t pid)
{
	uint64_t index;

	if (pid <= 0 || !id_map_get(&restore->tasks_by_pid, (uint64_t)pid, &index) ||
	    restore->tasks[index].image->zombie)
		return NULL;
	return &restore->tasks[index];
}

int ipc_plan(struct restore *restore)
{
	const Cr__Ipc *image = restore->ipc ? restore->ipc->image : NULL;

	for (size_t i = 0; image && i < image->n_undos; i++) {
		if (ipc_find_actor(restore, image->undos[i]->pid))
			continue;
		log_error(
			"bad archive: there are adjustments of semaphores of process %d, which is not there",
			image->undos[i]->pid);
		return -EBADMSG;
	}
	return 0;
}

/* Whether ids mean what they meant when the program was dumped. */
static bool is_same_namespace(const struct restore *restore)
{
	struct ns_links links = {0};
	cleanup_close int fd = -EBADF;

	if (strcmp(restore->manifest->host->boot_id, restore->features.boot_id) != 0 ||
	    restore->features.boot_id[0] == '\0')
		return false;
	return proc_open(getpid(), &fd) == 0 && ns_links_read(fd, NS_LINK_BIT(NS_LINK_IPC), &links) == 0 &&
	       links.inodes[NS_LINK_IPC] == restore->ipc->image->namespace_inode;
}

static bool is_alive(int32_t pid)
{
	struct stat_info stat = {0};
	cleanup_close int fd = -EBADF;

	return proc_open(pid, &fd) == 0 && stat_read(fd, &stat) == 0 && stat.state != 'Z' &&
	       stat.state != 'X';
}

/* It was dumped, and has ended: while it lives, what is there is its own. */
static bool is_of_archive(struct restore *restore, int32_t pid)
{
	uint64_t index;

	return pid > 0 && id_map_get(&restore->tasks_by_pid, (uint64_t)pid, &index) && !is_alive(pid);
}

/* What an object that is there has to be to be the program's. */
static bool is_known(const struct restore *restore, const struct ipc_perm *perm, int32_t key,
		     uint32_t creator_uid)
{
	return perm->__key == key && perm->cuid == creator_uid && (key != 0 || is_same_namespace(restore));
}

static void refuse_other(struct restore *restore, const char *what, int id, char letter)
{
	blockers_add(&restore->blockers,
		     "%s %d is there already, and is another one (ipcs -%c; ipcrm -%c %d removes it)", what,
		     id, letter, letter, id);
}

static void check_missing(struct restore *restore, const char *what, int id, int32_t key, int error,
			  int holder, char letter)
{
	const struct kernel_features *features = &restore->features;

	if (error == EIDRM)
		blockers_add(
			&restore->blockers,
			"%s %d cannot be made: another one has its place (ipcs -%c, the id that is %d modulo "
			"32768)",
			what, id, letter, id % 32768);
	if (key != 0 && holder >= 0)
		blockers_add(&restore->blockers, "the key of %s %d, %#x, is that of %d here (ipcs -%c)", what,
			     id, (unsigned)key, holder, letter);
	if (!kernel_features_has_cap(features, CAP_SYS_ADMIN) &&
	    !kernel_features_has_cap(features, CAP_CHECKPOINT_RESTORE))
		blockers_add(&restore->blockers,
			     "%s %d is gone; to make it again under its id, run cr-restore with "
			     "CAP_CHECKPOINT_RESTORE",
			     what, id);
}

/* Whether a process of the archive has changed a semaphore since, if only by its end. */
static bool is_set_changed(struct restore *restore, const Cr__SemaphoreSet *set)
{
	cleanup_free unsigned short *values = calloc(set->n_values, sizeof(*values));
	bool is_changed = false;

	if (!values || semctl(set->id, 0, GETALL, (union semun){.values = values}) < 0)
		return false;
	for (size_t i = 0; i < set->n_values; i++) {
		int pid = semctl(set->id, (int)i, GETPID);

		if (values[i] == set->values[i])
			continue;
		if (is_of_archive(restore, pid))
			is_changed = true;
		else
			log_notice("semaphore %zu of set %d has been changed by process %d since the program "
				   "was "
				   "dumped: it stays as it is",
				   i, set->id, pid);
	}
	return is_changed;
}

static enum ipc_state check_set(struct restore *restore, const Cr__SemaphoreSet *set)
{
	struct semid_ds facts;
	int error;

	if (semctl(set->id, 0, IPC_STAT, (union semun){.facts = &facts}) == 0) {
		if (!is_known(restore, &facts.sem_perm, set->key, set->creator_uid) ||
		    facts.sem_nsems != set->n_values) {
			refuse_other(restore, "semaphore set", set->id, 's');
			return IPC_UNCHANGED;
		}
		return is_set_changed(restore, set) ? IPC_CHANGED : IPC_UNCHANGED;
	}
	error = errno;
	if (error == EACCES) {
		refuse_other(restore, "semaphore set", set->id, 's');
		return IPC_UNCHANGED;
	}
	check_missing(restore, "semaphore set", set->id, set->key, error,
		      set->key ? semget(set->key, 0, 0) : -1, 's');
	return IPC_MISSING;
}

static bool is_queue_changed(struct restore *restore, const Cr__MessageQueue *queue,
			     const struct msqid_ds *facts)
{
	if (facts->msg_lspid == queue->sender && facts->msg_lrpid == queue->receiver &&
	    facts->msg_stime == queue->send_time && facts->msg_rtime == queue->receive_time &&
	    facts->msg_qnum == queue->n_messages)
		return false;
	if ((facts->msg_lspid == 0 || is_of_archive(restore, facts->msg_lspid)) &&
	    (facts->msg_lrpid == 0 || is_of_archive(restore, facts->msg_lrpid)))
		return true;
	log_notice("message queue %d has been used by others since the program was dumped: it stays as it is",
		   queue->id);
	return false;
}

static uint64_t read_limit(const char *path)
{
	cleanup_free char *text = NULL;

	return file_read_at(AT_FDCWD, path, 64, &text, NULL) < 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* The limits of this host must hold what is to be put into it. */
static void check_sizes(struct restore *restore, const Cr__MessageQueue *queue)
{
	uint64_t longest = 0, limit = ipc_limit_for(queue);

	for (size_t i = 0; i < queue->n_messages; i++)
		longest = MAX(longest, (uint64_t)queue->messages[i]->text.len);
	if (longest > read_limit(MESSAGE_SIZE_FILE))
		blockers_add(&restore->blockers,
			     "message queue %d holds a message of %ju bytes: raise the sysctl kernel.msgmax",
			     queue->id, (uintmax_t)longest);
	if (limit > read_limit(QUEUE_SIZE_FILE) &&
	    !kernel_features_has_cap(&restore->features, CAP_SYS_RESOURCE))
		blockers_add(&restore->blockers,
			     "message queue %d may hold %ju bytes: raise the sysctl kernel.msgmnb, or run "
			     "cr-restore with CAP_SYS_RESOURCE",
			     queue->id, (uintmax_t)limit);
}

static enum ipc_state check_queue(struct restore *restore, const Cr__MessageQueue *queue)
{
	struct msqid_ds facts;
	int error;

	if (msgctl(queue->id, IPC_STAT, &facts) == 0) {
		if (!is_known(restore, &facts.msg_perm, queue->key, queue->creator_uid)) {
			refuse_other(restore, "message queue", queue->id, 'q');
			return IPC_UNCHANGED;
		}
		if (!is_queue_changed(restore, queue, &facts))
			return IPC_UNCHANGED;
		check_sizes(restore, queue);
		return IPC_CHANGED;
	}
	error = errno;
	if (error == EACCES) {
		refuse_other(restore, "message queue", queue->id, 'q');
		return IPC_UNCHANGED;
	}
	check_missing(restore, "message queue", queue->id, queue->key, error,
		      queue->key ? msgget(queue->key, 0) : -1, 'q');
	check_sizes(restore, queue);
	return IPC_MISSING;
}

void ipc_preflight(struct restore *restore)
{
	struct ipc *ipc = restore->ipc;

	for (size_t i = 0; ipc && i < ipc->image->n_sets; i++)
		ipc->sets[i] = check_set(restore, ipc->image->sets[i]);
	for (size_t i = 0; ipc && i < ipc->image->n_queues; i++)
		ipc->queues[i] = check_queue(restore, ipc->image->queues[i]);
}

static int choose_id(const char *file, int id)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", id);
	r = file_write_at(AT_FDCWD, file, text);
	return r < 0 ? log_error_errno(r, "cannot write %s to '%s'", text, file) : 0;
}

static int create_set(const Cr__SemaphoreSet *set)
{
	struct semid_ds facts;
	int id, r = choose_id(NEXT_SET_FILE, set->id);

	if (r < 0)
		return r;
	id = semget(set->key, (int)set->n_values, IPC_CREAT | IPC_EXCL | 0600);
	if (id < 0)
		return log_error_errno(-errno, "cannot make semaphore set %d", set->id);
	if (id != set->id) {
		semctl(id, 0, IPC_RMID);
		return log_error_errno(-EEXIST, "cannot make semaphore set %d: the kernel gave %d", set->id,
				       id);
	}
	if (semctl(id, 0, IPC_STAT, (union semun){.facts = &facts}) == 0) {
		facts.sem_perm.uid = set->uid;
		facts.sem_perm.gid = set->gid;
		facts.sem_perm.mode = (unsigned short)set->mode;
		if (semctl(id, 0, IPC_SET, (union semun){.facts = &facts}) == 0)
			return 0;
	}
	r = -errno;
	semctl(id, 0, IPC_RMID);
	return log_error_errno(r, "cannot set the owner of semaphore set %d", id);
}

static int create_queue(const Cr__MessageQueue *queue)
{
	int id, r = choose_id(NEXT_QUEUE_FILE, queue->id);

	if (r < 0)
		return r;
	id = msgget(queue->key, IPC_CREAT | IPC_EXCL | 0600);
	if (id < 0)
		return log_error_errno(-errno, "cannot make message queue %d", queue->id);
	if (id == queue->id)
		return 0;
	msgctl(id, IPC_RMID, NULL);
	return log_error_errno(-EEXIST, "cannot make message queue %d: the kernel gave %d", queue->id, id);
}

int ipc_create(struct restore *restore)
{
	struct ipc *ipc = restore->ipc;
	int r = 0;

	for (size_t i = 0; r == 0 && ipc && i < ipc->image->n_sets; i++) {
		if (ipc->sets[i] != IPC_MISSING)
			continue;
		r = create_set(ipc->image->sets[i]);
		if (r == 0)
			ipc->sets[i] = IPC_MADE;
	}
	for (size_t i = 0; r == 0 && ipc && i < ipc->image->n_queues; i++) {
		if (ipc->queues[i] != IPC_MISSING)
			continue;
		r = create_queue(ipc->image->queues[i]);
		if (r == 0)
			ipc->queues[i] = IPC_MADE;
	}
	return r;
}

static void undo(const struct ipc *ipc)
{
	for (size_t i = 0; ipc->sets && i < ipc->image->n_sets; i++)
		if (ipc->sets[i] == IPC_MADE && semctl(ipc->image->sets[i]->id, 0, IPC_RMID) < 0)
			log_warning("cannot remove semaphore set %d, which was made: %s",
				    ipc->image->sets[i]->id, strerror(errno));
	for (size_t i = 0; ipc->queues && i < ipc->image->n_queues; i++)
		if (ipc->queues[i] == IPC_MADE && msgctl(ipc->image->queues[i]->id, IPC_RMID, NULL) < 0)
			log_warning("cannot remove message queue %d, which was made: %s",
				    ipc->image->queues[i]->id, strerror(errno));
}

void ipc_done(struct restore *restore)
{
	struct ipc *ipc = restore->ipc;

	if (!ipc)
		return;
	if (!restore->is_done)
		undo(ipc);
	message_free(&ipc->image->base);
	free(ipc->sets);
	free(ipc->queues);
	free(ipc);
	restore->ipc = NULL;
}
