/* SPDX-License-Identifier: MIT */
/* Reads and writes the offsets of time namespaces. */
#include "common/proc/time_offsets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"

#define TEXT_SIZE_MAX 256
#define NS_PER_SECOND INT64_C(1000000000)
#define OFFSET_MAX (INT64_C(1) << 61)

/* "monotonic           9504000         0": seconds, which may be negative, and nanoseconds. */
static int parse_line(struct cursor *text, const char *clock, int64_t *ret_ns)
{
	struct cursor line, word;
	int64_t seconds, ns;

	if (!cursor_line(text, &line) || !cursor_word(&line, &word) || !cursor_equals(&word, clock) ||
	    cursor_i64(&line, &seconds) < 0 || cursor_i64(&line, &ns) < 0 || ns < 0 || ns >= NS_PER_SECOND)
		return -EBADMSG;
	if (__builtin_mul_overflow(seconds, NS_PER_SECOND, &seconds) ||
	    __builtin_add_overflow(seconds, ns, ret_ns) || *ret_ns > OFFSET_MAX || *ret_ns < -OFFSET_MAX)
		return -ERANGE;
	return 0;
}

int time_offsets_parse(const char *text, size_t size, struct time_offsets *ret)
{
	struct cursor cursor = CURSOR(text, size);
	int r = parse_line(&cursor, "monotonic", &ret->monotonic_ns);

	return r < 0 ? r : parse_line(&cursor, "boottime", &ret->boottime_ns);
}

int time_offsets_read_at(int proc_fd, const char *path, struct time_offsets *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r = file_read_at(proc_fd, path, TEXT_SIZE_MAX, &text, &size);

	*ret = (struct time_offsets){0};
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : time_offsets_parse(text, size, ret);
}

static int format_line(char *buffer, size_t size, const char *clock, int64_t offset_ns)
{
	int64_t ns = offset_ns % NS_PER_SECOND, seconds = offset_ns / NS_PER_SECOND;

	if (ns < 0) {
		ns += NS_PER_SECOND;
		seconds--;
	}
	return snprintf(buffer, size, "%s %jd %jd\n", clock, (intmax_t)seconds, (intmax_t)ns);
}

int time_offsets_write(const struct time_offsets *offsets)
{
	cleanup_close int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	char text[TEXT_SIZE_MAX];
	int size = format_line(text, sizeof(text), "monotonic", offsets->monotonic_ns);

	if (fd < 0)
		return -errno;
	size += format_line(text + size, sizeof(text) - (size_t)size, "boottime", offsets->boottime_ns);
	return write(fd, text, (size_t)size) < 0 ? -errno : 0;
}
