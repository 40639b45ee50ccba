/* SPDX-License-Identifier: MIT */
/* Reasons to refuse. */
#include "common/blockers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/vector.h"

void blockers_done(struct blockers *blockers)
{
	for (size_t i = 0; i < blockers->texts_count; i++)
		free(blockers->texts[i]);
	free(blockers->texts);
	*blockers = (struct blockers){0};
}

void blockers_add(struct blockers *blockers, const char *format, ...)
{
	char scope[512], *message = NULL, *text = NULL, **slot;
	va_list arguments;

	log_scope_format(scope, sizeof(scope));
	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	if (!message || asprintf(&text, "%s%s", scope, message) < 0)
		text = NULL;
	free(message);
	slot = text ? vector_append(blockers, texts) : NULL;
	if (!slot) {
		free(text);
		blockers->is_incomplete = true;
		return;
	}
	*slot = text;
}

void blockers_truncate(struct blockers *blockers, size_t count)
{
	while (blockers->texts_count > count)
		free(blockers->texts[--blockers->texts_count]);
}

size_t blockers_report(const struct blockers *blockers)
{
	for (size_t i = 0; i < blockers->texts_count; i++)
		log_error("%s", blockers->texts[i]);
	if (blockers->is_incomplete)
		log_error("there are more reasons, for which memory was short");
	return blockers->texts_count;
}
