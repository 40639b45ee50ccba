/* SPDX-License-Identifier: MIT */
/* What came of a dump as JSON: all that stands against it, each with what is known of it. */
#include "dumper/refusal_json.h"

#include <errno.h>
#include <stdio.h>

#include "common/exit_status.h"
#include "common/json.h"
#include "common/log.h"
#include "common/proc/fd_search.h"
#include "dumper/fd/fd_dumper.h"
#include "dumper/fd/open_files.h"

static const char *result_of(const struct dump *dump, int status)
{
	if (status == EXIT_STATUS_REFUSED)
		return "refused";
	if (status != EXIT_STATUS_DONE)
		return "failed";
	return dump->options->is_check ? "possible" : "done";
}

/* The open file that a blocker is about; NULL: it is about something else, or that is not known. */
static const struct open_file *find_file(const struct dump *dump, const struct blocker *blocker)
{
	if (blocker->detail.open_file_id != 0)
		return dump->open_files[blocker->detail.open_file_id - 1];
	for (size_t i = 0; blocker->fd >= 0 && !blocker->is_in_queue && i < dump->processes_count; i++) {
		uint32_t id;

		if (dump->processes[i].pidref.pid != blocker->pid)
			continue;
		id = open_files_get(&dump->processes[i], blocker->fd);
		return id != 0 ? dump->open_files[id - 1] : NULL;
	}
	return NULL;
}

static void print_file(struct json *json, const struct open_file *file)
{
	json_string(json, "kind", file->kind ? file->kind->name : "unknown");
	json_unsigned(json, "device", file->device);
	json_unsigned(json, "inode", file->inode);
	json_string(json, "description", file->description);
}

static void print_holder(struct json *json, const struct fd_holder *holder)
{
	json_open(json, NULL, '{');
	json_signed(json, "pid", holder->pid);
	json_string(json, "comm", holder->comm);
	json_signed(json, "fd", holder->fd);
	json_close(json, '}');
}

static void print_detail(struct json *json, const struct blocker_detail *detail)
{
	if (detail->reason)
		json_string(json, "reason", detail->reason);
	if (detail->name)
		json_string(json, "name", detail->name);
	if (detail->peer_inode != 0)
		json_unsigned(json, "peer_inode", detail->peer_inode);
	if (detail->peer_name)
		json_string(json, "peer_name", detail->peer_name);
	if (detail->option)
		json_string(json, "option", detail->option);
	json_open(json, "holders", '[');
	for (size_t i = 0; i < detail->holders_count; i++)
		print_holder(json, &detail->holders[i]);
	json_close(json, ']');
}

static void print_blocker(struct json *json, const struct dump *dump, size_t index)
{
	const struct blocker *blocker = &dump->blockers.items[index];
	const struct open_file *file = find_file(dump, blocker);

	json_open(json, NULL, '{');
	json_string(json, "message", dump->blockers.texts[index] + blocker->message);
	if (blocker->pid >= 0)
		json_signed(json, "pid", blocker->pid);
	if (blocker->tid >= 0)
		json_signed(json, "tid", blocker->tid);
	if (blocker->comm[0])
		json_string(json, "comm", blocker->comm);
	if (blocker->fd >= 0)
		json_signed(json, "fd", blocker->fd);
	if (blocker->is_in_queue)
		json_bool(json, "is_in_queue", true);
	if (file)
		print_file(json, file);
	print_detail(json, &blocker->detail);
	json_close(json, '}');
}

int refusal_json_print(const struct dump *dump, int status)
{
	struct json json = {.depth = 1, .is_first = true};

	putchar('{');
	json_string(&json, "result", result_of(dump, status));
	json_signed(&json, "pid", dump->options->root_pid);
	json_open(&json, "blockers", '[');
	for (size_t i = 0; i < dump->blockers.texts_count; i++)
		print_blocker(&json, dump, i);
	json_close(&json, ']');
	json_bool(&json, "is_complete", !dump->blockers.is_incomplete);
	json_close(&json, '}');
	putchar('\n');
	if (fflush(stdout) == EOF || ferror(stdout))
		return log_error_errno(errno ? -errno : -EIO, "cannot write to standard output");
	return 0;
}
