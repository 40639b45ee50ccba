/* SPDX-License-Identifier: MIT */
/* Whether the sessions and process groups of the tree can be made again. */
#include "dumper/sessions.h"

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "dumper/freeze.h"

static bool is_alive(pid_t pid)
{
	cleanup_close int proc_fd = -EBADF;

	return proc_open(pid, &proc_fd) == 0;
}

static void refuse_session(struct dump *dump, const struct process *process)
{
	pid_t session = process->stat.sid;
	char comm[PROC_COMM_SIZE];

	freeze_comm(session, comm);
	if (session == dump->processes[0].stat.sid)
		blockers_add(
			&dump->blockers,
			"is not a session leader: its session, %d, is led by '%s' outside of the dump; give "
			"--shell-job (-j) on both commands to take the session of cr-restore instead, or "
			"start the program with setsid",
			session, comm);
	else
		blockers_add(
			&dump->blockers,
			"is in session %d, which is led by '%s' outside of the dump, and is not that of the "
			"root process: it cannot be made again",
			session, comm);
}

static void refuse_group(struct dump *dump, const struct process *process)
{
	pid_t group = process->stat.pgid;
	char comm[PROC_COMM_SIZE];

	freeze_comm(group, comm);
	if (group == dump->processes[0].stat.pgid)
		blockers_add(
			&dump->blockers,
			"its process group, %d, is led by '%s' outside of the dump; give --shell-job (-j) on "
			"both commands",
			group, comm);
	else
		blockers_add(
			&dump->blockers,
			"is in process group %d, which is led by '%s' outside of the dump, and is not that "
			"of the root process: it cannot be made again",
			group, comm);
}

/*
 * An id of the tree, or one whose leader has ended, is made again. What is outside is told once for the root,
 * not for all that have it from there.
 */
static void check_process(struct dump *dump, const struct id_map *inside, const struct process *process)
{
	const struct process *root = &dump->processes[0];
	bool is_job = dump->options->is_shell_job;
	pid_t session = process->stat.sid, group = process->stat.pgid;

	if (!id_map_get(inside, (uint64_t)session, NULL) && is_alive(session)) {
		if (session != root->stat.sid || (!is_job && process == root))
			refuse_session(dump, process);
		if (session == root->stat.sid && !is_job)
			return;
	}
	if (!id_map_get(inside, (uint64_t)group, NULL) && is_alive(group) &&
	    (group != root->stat.pgid || (!is_job && process == root)))
		refuse_group(dump, process);
}

int sessions_check(struct dump *dump)
{
	cleanup_(id_map_done) struct id_map inside = {0};

	for (size_t i = 0; i < dump->processes_count; i++)
		if (id_map_set(&inside, (uint64_t)dump->processes[i].pidref.pid, i) < 0)
			return log_error_errno(-ENOMEM, "cannot check the sessions");
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		check_process(dump, &inside, process);
	}
	return 0;
}
