/* SPDX-License-Identifier: MIT */
/* The POSIX timers of a process. */
#include "common/proc/timers.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

#define TIMERS_TEXT_MAX (128 * 1024 * 1024)

void timer_list_done(struct timer_list *list)
{
	if (!list)
		return;
	free(list->timers);
	*list = (struct timer_list){0};
}

/* "60/00007fff86e452a8" */
static int parse_signal(struct cursor *value, struct timer_info *timer)
{
	if (cursor_i32(value, &timer->signal) < 0 || !cursor_skip(value, "/"))
		return -EBADMSG;
	if (cursor_skip(value, "(null)"))
		return 0;
	cursor_skip(value, "0x");
	return cursor_u64(value, 16, &timer->value);
}

/* "signal/pid.2634" */
static int parse_notify(struct cursor *value, struct timer_info *timer)
{
	if (cursor_skip(value, "signal/"))
		timer->notify = TIMER_NOTIFY_SIGNAL;
	else if (cursor_skip(value, "none/"))
		timer->notify = TIMER_NOTIFY_NONE;
	else if (cursor_skip(value, "thread/"))
		timer->notify = TIMER_NOTIFY_THREAD;
	else
		return -EBADMSG;
	timer->is_thread_target = cursor_skip(value, "tid.");
	if (!timer->is_thread_target && !cursor_skip(value, "pid."))
		return -EBADMSG;
	return cursor_i32(value, &timer->target);
}

static bool next_value(struct cursor *cursor, const char *key, struct cursor *ret_value)
{
	struct cursor line, key_text;

	return cursor_line(cursor, &line) && cursor_split(&line, &key_text, ret_value) &&
	       cursor_equals(&key_text, key);
}

static int parse_timer(struct cursor *cursor, struct timer_info *timer)
{
	struct cursor value;

	if (!next_value(cursor, "ID", &value) || cursor_i32(&value, &timer->id) < 0)
		return -EBADMSG;
	if (!next_value(cursor, "signal", &value) || parse_signal(&value, timer) < 0)
		return -EBADMSG;
	if (!next_value(cursor, "notify", &value) || parse_notify(&value, timer) < 0)
		return -EBADMSG;
	if (!next_value(cursor, "ClockID", &value) || cursor_i32(&value, &timer->clock_id) < 0)
		return -EBADMSG;
	return 0;
}

int timer_list_parse(const char *text, size_t size, struct timer_list *ret)
{
	cleanup_(timer_list_done) struct timer_list list = {0};
	struct cursor cursor = CURSOR(text, size);

	while (!cursor_is_empty(&cursor)) {
		struct timer_info *timer;

		if (list.timers_count >= TIMER_COUNT_MAX)
			return -E2BIG;
		timer = vector_append(&list, timers);
		if (!timer)
			return -ENOMEM;
		if (parse_timer(&cursor, timer) < 0)
			return -EBADMSG;
	}
	*ret = list;
	list = (struct timer_list){0};
	return 0;
}

int timer_list_read(int proc_fd, struct timer_list *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "timers", TIMERS_TEXT_MAX, &text, &size);
	if (r < 0)
		return r;
	return timer_list_parse(text, size, ret);
}
