/* SPDX-License-Identifier: MIT */
/* Messages on standard error, one write(2) a line so that threads do not mix theirs. */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *log_program = "cr";
static enum log_level log_level = LOG_LEVEL_NOTICE;
static _Thread_local struct log_scope *innermost_scope;

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_level = level;
}

enum log_level log_get_level(void)
{
	return log_level;
}

void log_scope_enter(struct log_scope *scope, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(scope->text, sizeof(scope->text), format, arguments);
	va_end(arguments);
	scope->outer = innermost_scope;
	innermost_scope = scope;
}

const struct log_scope *log_scope_innermost(void)
{
	return innermost_scope;
}

void log_scope_leave(struct log_scope *scope)
{
	innermost_scope = scope->outer;
}

static size_t scope_format(const struct log_scope *scope, char *buffer, size_t size)
{
	size_t length;
	int written;

	if (!scope)
		return 0;
	length = scope_format(scope->outer, buffer, size);
	written = snprintf(buffer + length, size - length, "%s: ", scope->text);
	return written < 0 ? length : MIN(length + (size_t)written, size - 1);
}

size_t log_scope_format(char *buffer, size_t size)
{
	buffer[0] = '\0';
	return scope_format(innermost_scope, buffer, size);
}

static void log_line(const char *format, va_list arguments, int error)
{
	char line[2048];
	size_t length = (size_t)snprintf(line, 64, "%s: ", log_program);
	int written;

	length += log_scope_format(line + length, sizeof(line) / 2);
	written = vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	if (written > 0)
		length = MIN(length + (size_t)written, sizeof(line) - 2);
	if (error) {
		written = snprintf(line + length, sizeof(line) - length - 1, ": %s", strerror(error));
		if (written > 0)
			length = MIN(length + (size_t)written, sizeof(line) - 2);
	}
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, length) < 0)
		return; /* nobody is listening: there is nowhere to say so */
}

void log_message(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level > log_level)
		return;
	va_start(arguments, format);
	log_line(format, arguments, 0);
	va_end(arguments);
}

int log_error_errno(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(format, arguments, error < 0 ? -error : error);
	va_end(arguments);
	return error;
}
