/* SPDX-License-Identifier: MIT */
/* Reasons to refuse. */
#include "common/blockers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/vector.h"

void blockers_done(struct blockers *blockers)
{
	blockers_truncate(blockers, 0);
	free(blockers->texts);
	free(blockers->items);
	*blockers = (struct blockers){0};
}

/* "pid 12 (comm)", and maybe ": fd 3" or ": in the queue of fd 3" behind it. A name may hold anything. */
static void take_process(struct blocker *blocker, const char *text)
{
	const char *open = strstr(text, " ("), *close = strrchr(text, ')');

	if (blocker->pid >= 0 || sscanf(text, "pid %d", &blocker->pid) != 1 || !open || !close ||
	    close < open)
		return;
	snprintf(blocker->comm, sizeof(blocker->comm), "%.*s", (int)(close - open) - 2, open + 2);
	blocker->is_in_queue |= sscanf(close, "): in the queue of fd %d", &blocker->fd) == 1;
	blocker->is_in_queue |= strncmp(close, "): a descriptor in a queue", 26) == 0;
	(void)sscanf(close, "): fd %d", &blocker->fd);
}

/* The innermost first: what it tells is nearer. */
static void take_scopes(struct blocker *blocker)
{
	for (const struct log_scope *scope = log_scope_innermost(); scope; scope = scope->outer) {
		int number;

		if (sscanf(scope->text, "fd %d", &number) == 1 && blocker->fd < 0)
			blocker->fd = number;
		else if (sscanf(scope->text, "thread %d", &number) == 1 && blocker->tid < 0)
			blocker->tid = number;
		else
			take_process(blocker, scope->text);
		blocker->is_in_queue |= strcmp(scope->text, "a descriptor in its queue") == 0;
	}
}

/* Takes TEXT. */
static int append(struct blockers *blockers, char *text, size_t scope_length)
{
	struct blocker *item = text ? vector_append(blockers, items) : NULL;
	char **slot = item ? vector_append(blockers, texts) : NULL;

	if (!slot) {
		if (item)
			blockers->items_count--;
		free(text);
		return -ENOMEM;
	}
	*slot = text;
	*item = (struct blocker){.message = scope_length, .pid = -1, .tid = -1, .fd = -1};
	take_scopes(item);
	return 0;
}

void blockers_add(struct blockers *blockers, const char *format, ...)
{
	char scope[512], *message = NULL, *text = NULL;
	va_list arguments;

	log_scope_format(scope, sizeof(scope));
	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	if (!message || asprintf(&text, "%s%s", scope, message) < 0)
		text = NULL;
	free(message);
	if (append(blockers, text, strlen(scope)) < 0)
		blockers->is_incomplete = true;
}

void blockers_detail(struct blockers *blockers, const struct blocker_detail *detail)
{
	if (blockers->items_count > 0)
		blockers->items[blockers->items_count - 1].detail = *detail;
}

void blockers_truncate(struct blockers *blockers, size_t count)
{
	while (blockers->texts_count > count)
		free(blockers->texts[--blockers->texts_count]);
	blockers->items_count = blockers->texts_count;
}

size_t blockers_report(const struct blockers *blockers)
{
	for (size_t i = 0; i < blockers->texts_count; i++)
		log_error("%s", blockers->texts[i]);
	if (blockers->is_incomplete)
		log_error("there are more reasons, for which memory was short");
	return blockers->texts_count;
}
