/* SPDX-License-Identifier: MIT */
/*
 * Has calls made by those whom the kernel is to note (SO_PEERCRED, SO_PEERGROUPS, SCM_CREDENTIALS): by tasks
 * of the tree, which are puppets still, or by processes that exist for it only.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pidref.h"
#include "restorer/fd/unix_socket.h"
#include "restorer/plan.h"

/* Operations in one batch of a puppet. */
#define CHUNK_SIZE 32
/* Bytes of a batch that may be groups. */
#define GROUPS_SIZE_MAX ((size_t)32 << 10)

static bool is_same(const Cr__UnixCredentials *left, const Cr__UnixCredentials *right)
{
	if (!left || !right)
		return !left && !right;
	return left->pid == right->pid && left->uid == right->uid && left->gid == right->gid &&
	       left->n_groups == right->n_groups &&
	       (left->n_groups == 0 ||
		memcmp(left->groups, right->groups, left->n_groups * sizeof(left->groups[0])) == 0);
}

static const char *act_name(enum unix_act act)
{
	static const char *const names[] = {"socketpair", "listen", "connect", "sendmsg"};

	return names[act];
}

/* What this process can do by itself: 0 or a negative errno. Nothing but system calls. */
static int act(struct unix_operation *operation)
{
	struct sockaddr_un address;
	socklen_t size;
	long r = -1;

	switch (operation->act) {
	case UNIX_ACT_PAIR:
		r = socketpair(AF_UNIX, (int)operation->type | SOCK_CLOEXEC, 0, operation->ret_fds);
		break;
	case UNIX_ACT_LISTEN:
		r = listen(operation->fd, operation->backlog);
		break;
	case UNIX_ACT_CONNECT:
		size = unix_address_fill(&operation->address, &address);
		r = connect(operation->fd, (struct sockaddr *)&address, size);
		break;
	case UNIX_ACT_SEND:
		r = sendmsg(operation->fd, operation->message, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	}
	return r < 0 ? -errno : 0;
}

static int report(const struct unix_operation *operation, int error)
{
	return log_error_errno(error, "unix sockets: cannot %s as process %d", act_name(operation->act),
			       operation->credentials ? operation->credentials->pid : getpid());
}

static int run_here(struct unix_operation *operations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = act(&operations[i]);

		if (r < 0)
			return report(&operations[i], r);
	}
	return 0;
}

/* What a process that exists for a while works on, in memory that it shares with us. */
struct actor {
	const Cr__UnixCredentials *credentials;
	size_t count;
	int error;     /* of what it failed with, */
	size_t failed; /* at this operation; COUNT: at becoming who it is to be */
	struct unix_operation operations[];
};

/* By bare system calls, for libc would ask other threads to do the same. */
static int become(const Cr__UnixCredentials *credentials)
{
	if (syscall(SYS_setgroups, credentials->n_groups, credentials->groups) < 0 ||
	    syscall(SYS_setresgid, credentials->gid, credentials->gid, credentials->gid) < 0 ||
	    syscall(SYS_setresuid, credentials->uid, credentials->uid, credentials->uid) < 0)
		return -errno;
	return 0;
}

/* The same, for the effective ids only: what comes with the real ones, the right to send as somebody else,
 * stays. */
static bool must_become(const struct unix_operation *operations)
{
	return operations[0].act != UNIX_ACT_SEND;
}

static _Noreturn void actor_main(struct actor *actor)
{
	if (must_become(actor->operations)) {
		actor->failed = actor->count;
		actor->error = become(actor->credentials);
	}
	for (size_t i = 0; actor->error == 0 && i < actor->count; i++) {
		actor->failed = i;
		actor->error = act(&actor->operations[i]);
	}
	_exit(0);
}

/* With our descriptors, so that what it opens is ours. PID 0: any. */
static int run_actor(struct actor *actor, pid_t pid)
{
	pid_t set_tid[] = {pid};
	struct clone_args arguments = {
		.flags = CLONE_FILES,
		.set_tid = pid ? (uintptr_t)set_tid : 0,
		.set_tid_size = pid ? ARRAY_SIZE(set_tid) : 0,
	};
	long child;
	int status;

	actor->error = 0;
	child = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child < 0)
		return -errno;
	if (child == 0)
		actor_main(actor);
	while (waitpid((pid_t)child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? 0 : -ECHILD;
}

static int report_actor(const struct actor *actor)
{
	const Cr__UnixCredentials *credentials = actor->credentials;

	if (actor->failed < actor->count)
		return report(&actor->operations[actor->failed], actor->error);
	return log_error_errno(actor->error, "unix sockets: cannot act as user %u, group %u",
			       credentials->uid, credentials->gid);
}

static int run_in_actor(struct unix_operation *operations, size_t count)
{
	size_t size = sizeof(struct actor) + count * sizeof(operations[0]);
	struct actor *actor = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = operations[0].credentials->pid;
	int r;

	if (actor == MAP_FAILED)
		return log_error_errno(-errno, "cannot make unix sockets");
	actor->credentials = operations[0].credentials;
	actor->count = count;
	memcpy(actor->operations, operations, count * sizeof(operations[0]));
	r = run_actor(actor, pid);
	if (pid != 0 && (r == -EEXIST || r == -EINVAL || r == -EPERM)) {
		log_notice(
			"unix sockets: process id %d, which some name as that of their peer (SO_PEERCRED, "
			"SCM_CREDENTIALS), is taken by another process: they name one that has ended instead",
			pid);
		r = run_actor(actor, 0);
	}
	if (r < 0)
		r = log_error_errno(r, "cannot make a process for unix sockets");
	else if (actor->error < 0)
		r = report_actor(actor);
	memcpy(operations, actor->operations, count * sizeof(operations[0]));
	munmap(actor, size);
	return r;
}

/* A puppet has our ids still. */
static bool is_us(const Cr__UnixCredentials *credentials)
{
	gid_t groups[64];
	int count = getgroups(ARRAY_SIZE(groups), groups);

	return credentials->uid == geteuid() && credentials->gid == getegid() && count >= 0 &&
	       (size_t)count == credentials->n_groups &&
	       (count == 0 || memcmp(groups, credentials->groups, (size_t)count * sizeof(groups[0])) == 0);
}

static void add_ids(struct batch *batch, uid_t uid, gid_t gid, const gid_t *groups, size_t groups_count)
{
	uint64_t address = batch_data(batch, groups, groups_count * sizeof(groups[0])), keep = (uint64_t)-1;

	/* As whom the puppet is now, it may do each of these while its real and saved ids are ours. */
	if (uid == geteuid()) {
		batch_call(batch, SYS_setresuid, keep, uid, keep);
		batch_call(batch, SYS_setresgid, keep, gid, keep);
		batch_call(batch, SYS_setgroups, groups_count, address);
		return;
	}
	batch_call(batch, SYS_setgroups, groups_count, address);
	batch_call(batch, SYS_setresgid, keep, gid, keep);
	batch_call(batch, SYS_setresuid, keep, uid, keep);
}

static int add_own_ids(struct batch *batch)
{
	cleanup_free gid_t *groups = NULL;
	int count = getgroups(0, NULL);

	if (count < 0)
		return -errno;
	groups = calloc((size_t)count + 1, sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	count = getgroups(count, groups);
	if (count < 0)
		return -errno;
	add_ids(batch, geteuid(), getegid(), groups, (size_t)count);
	return 0;
}

/* The number of the descriptor that leads to us, in the table that the task has, maybe with others. */
static int controller_fd(const struct task *task)
{
	return task->owners[SHARED_FILES]->controller_fd_inside;
}

/* Makes a descriptor of ours the puppet's; the index of the call that returns its number. */
static unsigned add_import(struct batch *batch, const struct task *task, int fd)
{
	return batch_call(batch, SYS_pidfd_getfd, (uint64_t)controller_fd(task), (uint64_t)fd, 0);
}

static void add_close(struct batch *batch, unsigned import)
{
	batch_call(batch, SYS_close, 0);
	batch_refer(batch, 0, import);
}

static void add_connect(struct batch *batch, const struct task *task, const struct unix_operation *operation)
{
	struct unix_address address = operation->address;
	unsigned file = 0, import;
	struct sockaddr_un where;
	socklen_t size;

	/* All that the puppet has will be closed but that one, so any other number can be taken. */
	if (address.file_fd >= 0) {
		file = add_import(batch, task, address.file_fd);
		address.file_fd = controller_fd(task) + 1;
		batch_try(batch, SYS_dup3, 0, (uint64_t)address.file_fd,
			  O_CLOEXEC); /* EINVAL: it is there already */
		batch_refer(batch, 0, file);
	}
	import = add_import(batch, task, operation->fd);
	size = unix_address_fill(&address, &where);
	batch_call(batch, SYS_connect, 0, batch_data(batch, &where, sizeof(where)), size);
	batch_refer(batch, 0, import);
	add_close(batch, import);
	if (address.file_fd >= 0) {
		batch_try(batch, SYS_close, (uint64_t)address.file_fd);
		batch_try(batch, SYS_close, 0); /* EBADF: it was that number */
		batch_refer(batch, 0, file);
	}
}

/* The address of the two numbers that a pair will have. */
static uint64_t add_operation(struct batch *batch, const struct task *task,
			      const struct unix_operation *operation)
{
	uint64_t numbers = 0;
	unsigned import;

	switch (operation->act) {
	case UNIX_ACT_PAIR:
		numbers = batch_data(batch, NULL, sizeof(operation->ret_fds));
		batch_call(batch, SYS_socketpair, AF_UNIX, operation->type | SOCK_CLOEXEC, 0, numbers);
		break;
	case UNIX_ACT_LISTEN:
		import = add_import(batch, task, operation->fd);
		batch_call(batch, SYS_listen, 0, (uint64_t)operation->backlog);
		batch_refer(batch, 0, import);
		add_close(batch, import);
		break;
	case UNIX_ACT_CONNECT:
		add_connect(batch, task, operation);
		break;
	case UNIX_ACT_SEND:
		break;
	}
	return numbers;
}

/* Takes over what the puppet has made, and closes it there. */
static int take_pairs(struct task *task, struct unix_operation *operations, size_t count,
		      const uint64_t *numbers)
{
	cleanup_(pidref_done) struct pidref pidref = PIDREF_NULL;
	int theirs[CHUNK_SIZE][2];
	struct batch *batch = task_puppet(task)->batch;
	int r = pidref_open(task->image->pid, &pidref);

	for (size_t i = 0; i < count; i++)
		if (numbers[i] != 0)
			memcpy(theirs[i], batch_data_at(batch, numbers[i]), sizeof(theirs[i]));
	batch = puppet_batch(task_puppet(task));
	for (size_t i = 0; r == 0 && i < count; i++) {
		for (size_t k = 0; r == 0 && numbers[i] != 0 && k < 2; k++) {
			r = pidref_getfd(&pidref, theirs[i][k], &operations[i].ret_fds[k]);
			batch_call(batch, SYS_close, (uint64_t)theirs[i][k]);
		}
	}
	if (r < 0)
		return log_error_errno(r, "cannot take unix sockets over from process %d", task->image->pid);
	return puppet_run(task_puppet(task), "making unix sockets");
}

static int run_in_puppet(struct task *task, struct unix_operation *operations, size_t count)
{
	const Cr__UnixCredentials *credentials = operations[0].credentials;
	struct batch *batch = puppet_batch(task_puppet(task));
	bool is_other = !is_us(credentials);
	uint64_t numbers[CHUNK_SIZE];
	int r = 0;

	if (is_other)
		add_ids(batch, credentials->uid, credentials->gid, credentials->groups,
			credentials->n_groups);
	for (size_t i = 0; i < count; i++)
		numbers[i] = add_operation(batch, task, &operations[i]);
	if (is_other)
		r = add_own_ids(batch);
	if (r < 0)
		return log_error_errno(r, "cannot ask for the groups of this process");
	r = puppet_run(task_puppet(task), "making unix sockets");
	return r < 0 ? r : take_pairs(task, operations, count, numbers);
}

/* Of the same credentials, COUNT at most CHUNK_SIZE. */
static int run_group(struct restore *restore, struct unix_operation *operations, size_t count)
{
	const Cr__UnixCredentials *credentials = operations[0].credentials;
	struct task *task = credentials ? plan_find_task(restore, credentials->pid) : NULL;

	if (!credentials)
		return run_here(operations, count);
	if (!task || task->image->zombie || credentials->n_groups * sizeof(gid_t) > GROUPS_SIZE_MAX ||
	    operations[0].act == UNIX_ACT_SEND)
		return run_in_actor(operations, count);
	return run_in_puppet(task, operations, count);
}

int unix_operations_run(struct restore *restore, struct unix_operation *operations, size_t count)
{
	size_t done = 0;

	while (done < count) {
		size_t next = done + 1;
		int r;

		while (next < count && next - done < CHUNK_SIZE &&
		       (operations[next].act == UNIX_ACT_SEND) == (operations[done].act == UNIX_ACT_SEND) &&
		       is_same(operations[next].credentials, operations[done].credentials))
			next++;
		r = run_group(restore, &operations[done], next - done);
		if (r < 0)
			return r;
		done = next;
	}
	return 0;
}
