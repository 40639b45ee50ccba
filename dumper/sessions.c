/* SPDX-License-Identifier: MIT */
/* Whether the sessions and process groups of the tree can be made again. */
#include "dumper/sessions.h"

#include <errno.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/proc/proc_dir.h"
#include "dumper/freeze.h"

/* Whether it is led by a process that is there, or by one outside of this pid namespace: id 0. */
static bool is_led_outside(const struct id_map *inside, pid_t id)
{
	cleanup_close int proc_fd = -EBADF;

	return !id_map_get(inside, (uint64_t)id, NULL) && (id == 0 || proc_open(id, &proc_fd) == 0);
}

/* "'comm'", or who it is as far as can be seen. */
static const char *describe_leader(pid_t id, char *text, size_t size)
{
	char comm[PROC_COMM_SIZE];

	if (id == 0)
		return "a process outside of this pid namespace";
	freeze_comm(id, comm);
	snprintf(text, size, "'%s' outside of the dump", comm);
	return text;
}

static void refuse_session(struct dump *dump, const struct process *process)
{
	pid_t session = process->stat.sid;
	char text[128];
	const char *leader = describe_leader(session, text, sizeof(text));

	if (session == dump->processes[0].stat.sid)
		blockers_add(&dump->blockers,
			     "is not a session leader: its session, %d, is led by %s; give --shell-job (-j) "
			     "on both commands to take the session of cr-restore instead, or start the "
			     "program with setsid",
			     session, leader);
	else
		blockers_add(&dump->blockers,
			     "is in session %d, which is led by %s, and is not that of the root process: it "
			     "cannot be made again",
			     session, leader);
}

static void refuse_group(struct dump *dump, const struct process *process)
{
	pid_t group = process->stat.pgid;
	char text[128];
	const char *leader = describe_leader(group, text, sizeof(text));

	if (group == dump->processes[0].stat.pgid)
		blockers_add(&dump->blockers,
			     "its process group, %d, is led by %s; give --shell-job (-j) on both commands",
			     group, leader);
	else
		blockers_add(&dump->blockers,
			     "is in process group %d, which is led by %s, and is not that of the root "
			     "process: it cannot be made again",
			     group, leader);
}

/*
 * An id of the tree, or one whose leader has ended, is made again. What is outside is told once for the root,
 * not for all that have it from there. Returns whether anything was told.
 */
static bool check_process(struct dump *dump, const struct id_map *inside, const struct process *process)
{
	const struct process *root = &dump->processes[0];
	bool is_job = dump->options->is_shell_job, is_refused = false;
	pid_t session = process->stat.sid, group = process->stat.pgid;

	if (is_led_outside(inside, session)) {
		is_refused = session != root->stat.sid || (!is_job && process == root);
		if (is_refused)
			refuse_session(dump, process);
		if (session == root->stat.sid && !is_job)
			return is_refused;
	}
	if (!is_led_outside(inside, group) || (group == root->stat.pgid && (is_job || process != root)))
		return is_refused;
	refuse_group(dump, process);
	return true;
}

int sessions_check(struct dump *dump, bool *ret_is_refused)
{
	cleanup_(id_map_done) struct id_map inside = {0};
	bool is_refused = false;

	for (size_t i = 0; i < dump->processes_count; i++)
		if (id_map_set(&inside, (uint64_t)dump->processes[i].pidref.pid, i) < 0)
			return log_error_errno(-ENOMEM, "cannot check the sessions");
	for (size_t i = 0; i < dump->processes_count; i++) {
		const struct process *process = &dump->processes[i];

		LOG_SCOPE("pid %d (%s)", (int)process->pidref.pid, process->status.name);
		is_refused |= check_process(dump, &inside, process);
	}
	*ret_is_refused = is_refused;
	return 0;
}
