/* SPDX-License-Identifier: MIT */
/* Resource limits. */
#include "common/proc/limits.h"

#include <errno.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"

static const char *const limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = "Max cpu time",
	[RLIMIT_FSIZE] = "Max file size",
	[RLIMIT_DATA] = "Max data size",
	[RLIMIT_STACK] = "Max stack size",
	[RLIMIT_CORE] = "Max core file size",
	[RLIMIT_RSS] = "Max resident set",
	[RLIMIT_NPROC] = "Max processes",
	[RLIMIT_NOFILE] = "Max open files",
	[RLIMIT_MEMLOCK] = "Max locked memory",
	[RLIMIT_AS] = "Max address space",
	[RLIMIT_LOCKS] = "Max file locks",
	[RLIMIT_SIGPENDING] = "Max pending signals",
	[RLIMIT_MSGQUEUE] = "Max msgqueue size",
	[RLIMIT_NICE] = "Max nice priority",
	[RLIMIT_RTPRIO] = "Max realtime priority",
	[RLIMIT_RTTIME] = "Max realtime timeout",
};

static int parse_value(struct cursor *line, rlim64_t *ret_value)
{
	uint64_t value;

	cursor_skip_blanks(line);
	if (cursor_skip(line, "unlimited")) {
		*ret_value = RLIM64_INFINITY;
		return 0;
	}
	if (cursor_u64(line, 10, &value) < 0)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

static int parse_line(struct cursor line, struct limits *limits, unsigned *seen)
{
	for (size_t i = 0; i < RLIM_NLIMITS; i++) {
		struct cursor rest = line;

		if (!cursor_skip(&rest, limit_names[i]) || !cursor_skip(&rest, " "))
			continue;
		*seen |= 1U << i;
		if (parse_value(&rest, &limits->limits[i].rlim_cur) < 0)
			return -EBADMSG;
		return parse_value(&rest, &limits->limits[i].rlim_max);
	}
	return -EBADMSG;
}

int limits_parse(const char *text, size_t size, struct limits *ret)
{
	struct limits limits = {0};
	struct cursor cursor = CURSOR(text, size), line;
	unsigned seen = 0;

	if (!cursor_line(&cursor, &line) || !cursor_skip(&line, "Limit "))
		return -EBADMSG;
	while (cursor_line(&cursor, &line)) {
		if (parse_line(line, &limits, &seen) < 0)
			return -EBADMSG;
	}
	if (seen != (1U << RLIM_NLIMITS) - 1)
		return -EBADMSG;
	*ret = limits;
	return 0;
}

int limits_read(int proc_fd, struct limits *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "limits", 65536, &text, &size);
	if (r < 0)
		return r;
	return limits_parse(text, size, ret);
}
