/* SPDX-License-Identifier: MIT */
/*
 * Messages to a person, on standard error: "PROGRAM: SCOPE: SCOPE: message".
 *
 * The first function that knows what the failing thing is logs once and returns the negative errno; above
 * it the code passes the value on in silence. Context comes from LOG_SCOPE(), never from hand-made prefixes.
 * The level and the program's name are the only mutable globals of the project. Safe from several threads;
 * scopes belong to the thread that opened them.
 */
#pragma once

#include "common/compiler.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE, /* the default: errors, warnings, notices */
	LOG_LEVEL_INFO,   /* -v */
	LOG_LEVEL_DEBUG,  /* -vv */
};

/* PROGRAM is borrowed for the life of the process. */
void log_init(const char *program, enum log_level level);
enum log_level log_get_level(void);

void log_message(enum log_level level, const char *format, ...) printf_like(2, 3);

/* Logs "message: strerror(-ERROR)" as an error and returns ERROR, a negative errno. */
int log_error_errno(int error, const char *format, ...) printf_like(2, 3);

#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_message(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* One step of context; lives on the stack of the function that opens it. */
struct log_scope {
	struct log_scope *outer;
	char text[96];
};

/* The one opened last by this thread, and so on by its OUTER; NULL: there is none. */
const struct log_scope *log_scope_innermost(void);

void log_scope_enter(struct log_scope *scope, const char *format, ...) printf_like(2, 3);
void log_scope_leave(struct log_scope *scope);

/* Writes the current scopes, "a: b: ", into BUFFER; always terminated. Returns the length written. */
size_t log_scope_format(char *buffer, size_t size);

#define LOG_SCOPE_NAME2(line) log_scope_##line
#define LOG_SCOPE_NAME(line) LOG_SCOPE_NAME2(line)
#define LOG_SCOPE(...)                                                                                       \
	cleanup_(log_scope_leave) struct log_scope LOG_SCOPE_NAME(__LINE__);                                 \
	log_scope_enter(&LOG_SCOPE_NAME(__LINE__), __VA_ARGS__)
