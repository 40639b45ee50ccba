/* SPDX-License-Identifier: MIT */
/* What the scheduler knows of a task. */
#include "common/proc/sched.h"

#include <errno.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"

/* More dashes than a command name has room for. */
#define RULE_LENGTH_MIN 40

#define NS_PER_MS 1000000

/*
 * The first line begins with the command name, which the program chooses and which may hold newlines: all up
 * to the ruled line is skipped.
 */
static bool skip_heading(struct cursor *cursor)
{
	struct cursor line;

	while (cursor_line(cursor, &line)) {
		size_t dashes = 0;

		while (cursor_skip(&line, "-"))
			dashes++;
		if (dashes >= RULE_LENGTH_MIN && cursor_is_empty(&line))
			return true;
	}
	return false;
}

/* "4982252.567692", milliseconds with exactly six more digits */
static int parse_ms_ns(struct cursor *value, uint64_t *ret_ns)
{
	uint64_t ms, rest_ns, ns;
	const char *digits;

	if (cursor_u64(value, 10, &ms) < 0 || !cursor_skip(value, "."))
		return -EBADMSG;
	digits = value->at;
	if (cursor_u64(value, 10, &rest_ns) < 0 || value->at - digits != 6 || rest_ns >= NS_PER_MS)
		return -EBADMSG;
	if (__builtin_mul_overflow(ms, (uint64_t)NS_PER_MS, &ns) || __builtin_add_overflow(ns, rest_ns, &ns))
		return -EBADMSG;
	*ret_ns = ns;
	return 0;
}

static void trim_end(struct cursor *text)
{
	while (text->end > text->at && text->end[-1] == ' ')
		text->end--;
}

int sched_parse(const char *text, size_t size, struct sched_info *ret)
{
	struct sched_info info = {0};
	struct cursor cursor = CURSOR(text, size), line;
	unsigned seen = 0;

	if (!skip_heading(&cursor))
		return -EBADMSG;
	while (cursor_line(&cursor, &line) && seen != 7) {
		struct cursor key, value;
		int r = 0;

		if (!cursor_split(&line, &key, &value))
			continue;
		trim_end(&key);
		if (cursor_equals(&key, "se.exec_start")) {
			seen |= 1;
			r = parse_ms_ns(&value, &info.exec_start_ns);
		} else if (cursor_equals(&key, "nr_voluntary_switches")) {
			seen |= 2;
			r = cursor_u64(&value, 10, &info.voluntary_switches);
		} else if (cursor_equals(&key, "nr_involuntary_switches")) {
			seen |= 4;
			r = cursor_u64(&value, 10, &info.involuntary_switches);
		}
		if (r < 0)
			return r;
	}
	if (seen != 7)
		return -EBADMSG;
	*ret = info;
	return 0;
}

int sched_read(int proc_fd, struct sched_info *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "sched", 1024 * 1024, &text, &size);
	if (r < 0)
		return r;
	return sched_parse(text, size, ret);
}
