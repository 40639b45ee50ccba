/* SPDX-License-Identifier: MIT */
/* Finds everything that would stop a restore here and now, before anything is created. */
#include "restorer/plan.h"
#include "restorer/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "restorer/fd/file_locks.h"
#include "restorer/aio.h"
#include "restorer/cgroups.h"
#include "restorer/ring_maps.h"
#include "restorer/fd/objects.h"
#include "restorer/ghosts.h"
#include "restorer/ipc.h"
#include "restorer/fd/terminals.h"
#include "restorer/task/task_restorer.h"

static int check_pidfile(struct restore *restore)
{
	const char *path = restore->options->pidfile;
	const char *slash = path ? strrchr(path, '/') : NULL;
	cleanup_free char *folder = NULL;
	struct stat st;

	if (!path)
		return 0;
	folder = !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return log_error_errno(-ENOMEM, "cannot check the pidfile");
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
		blockers_add(&restore->blockers, "the pidfile '%s' cannot be written: %s", path,
			     strerror(errno));
	else if (fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISDIR(st.st_mode))
		blockers_add(&restore->blockers, "the pidfile '%s' cannot be written: it is a directory",
			     path);
	return 0;
}

static void check_shell_job(struct restore *restore)
{
	if (restore->manifest->is_shell_job && !restore->options->is_shell_job)
		blockers_add(&restore->blockers, "the program was dumped with --shell-job, as part of a "
						 "shell's session: give --shell-job (-j) "
						 "to put it into the session of this shell");
}

static int check_tasks(struct restore *restore)
{
	for (size_t i = 0; i < restore->tasks_count; i++) {
		int r = restore->tasks[i].image->zombie ? 0
							: task_restorers_check(restore, &restore->tasks[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int preflight_run(struct restore *restore)
{
	/* What is in the archive comes first: if it is bad, the rest is of no interest. */
	int r = check_tasks(restore);

	if (r == 0)
		r = plan_tree(restore);
	if (r == 0)
		r = objects_plan(restore);
	if (r == 0)
		r = aio_plan(restore);
	if (r == 0)
		r = ring_maps_plan(restore);
	if (r == 0)
		r = ghosts_plan(restore);
	if (r == 0)
		r = ipc_plan(restore);
	if (r == 0)
		r = file_locks_plan(restore);
	if (r == 0)
		r = terminals_plan(restore);
	if (r == 0)
		r = preflight_host(restore);
	if (r < 0)
		return r;
	preflight_files(restore);
	preflight_open(restore);
	ghosts_check(restore);
	preflight_huge(restore);
	r = file_locks_check(restore);
	if (r == 0)
		r = preflight_busy(restore);
	if (r == 0)
		r = objects_preflight(restore);
	if (r < 0)
		return r;
	r = cgroups_preflight(restore);
	if (r < 0)
		return r;
	check_shell_job(restore);
	r = check_pidfile(restore);
	if (r < 0)
		return r;
	r = restore->options->has_new_pid_ns ? pid_namespace_check(restore) : preflight_ids(restore);
	/* When those that were dumped have ended. */
	if (r == 0)
		ipc_preflight(restore);
	return r;
}
