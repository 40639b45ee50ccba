/* SPDX-License-Identifier: MIT */
/* What can be done with an archive besides restoring it: list, show, verify. Each opens it by itself. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/exit_status.h"
#include "common/log.h"
#include "common/printable.h"
#include "restorer/fd/file_locks.h"
#include "restorer/fd/objects.h"
#include "restorer/ghosts.h"
#include "restorer/inspect_json.h"
#include "restorer/inspect_table.h"
#include "restorer/plan.h"
#include "restorer/read.h"
#include "restorer/task/task_restorer.h"

/* The exit status for R, a negative errno that was logged, or 0: then all that was written must have come
 * through. */
static int finish(int r)
{
	if (r == 0 && (fflush(stdout) == EOF || ferror(stdout)))
		r = log_error_errno(errno ? -errno : -EIO, "cannot write to standard output");
	if (r == -EBADMSG)
		return EXIT_STATUS_BAD_ARCHIVE;
	return r < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

int inspect_list(struct restore *restore)
{
	struct archive_member member;
	char name[PRINTABLE_SIZE];
	int r = restore_open(restore, NULL);

	if (r < 0)
		return finish(r);
	LOG_SCOPE("%s", restore_input_name(restore));
	while ((r = archive_reader_next(restore->reader, &member)) > 0)
		printf("%15" PRIu64 "  %s\n", member.size, printable(member.name, name, sizeof(name)));
	return finish(r);
}

int inspect_show(struct restore *restore)
{
	struct archive_extent extent;
	int r = restore_open(restore, &extent);

	if (r == 0)
		r = restore_read_manifest(restore);
	if (r < 0)
		return finish(r);
	if (!restore->options->is_json)
		return finish(inspect_table_print(restore_input_name(restore), restore->manifest, &extent));
	inspect_json_print(restore->manifest, &extent);
	return finish(0);
}

/* Whether the images hold together. What this host cannot give becomes a blocker, which is of no interest
 * here. */
static int verify_images(struct restore *restore)
{
	int r = 0;

	for (size_t i = 0; i < restore->tasks_count && r == 0; i++)
		if (!restore->tasks[i].image->zombie)
			r = task_restorers_check(restore, &restore->tasks[i]);
	if (r == 0)
		r = plan_tree(restore);
	if (r == 0)
		r = objects_plan(restore);
	if (r == 0)
		r = ghosts_plan(restore);
	return r < 0 ? r : file_locks_plan(restore);
}

int inspect_verify(struct restore *restore)
{
	struct archive_member first_contents;
	size_t images_count = 0, contents_count = 0;
	int r = restore_read_manifest(restore);

	if (r == 0)
		r = restore_count_images(restore, &first_contents, &images_count);
	if (r < 0)
		return finish(r);
	LOG_SCOPE("%s", restore_input_name(restore));
	r = verify_images(restore);
	if (r == 0)
		r = restore_skim_contents(restore, &first_contents, &contents_count);
	if (r < 0)
		return finish(r);
	if (restore->options->log_level > LOG_LEVEL_ERROR)
		printf("OK: %zu members, %" PRIu64 " bytes\n", images_count + contents_count,
		       archive_reader_bytes_out(restore->reader));
	return finish(0);
}
