/* SPDX-License-Identifier: MIT */
/* Which multicast groups have been joined. */
#include "common/proc/multicast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)

void multicast_list_done(struct multicast_list *list)
{
	free(list->groups);
	*list = (struct multicast_list){0};
}

static int add(struct multicast_list *list, const struct inet_address *group)
{
	struct inet_address *slot = vector_append(list, groups);

	if (!slot)
		return -ENOMEM;
	*slot = *group;
	return 0;
}

/*
 * A heading; for each interface a line "1<tab>lo : 1 V3"; below it, indented, one for each group: "010000E0
 * 1 0:00000000 0", the bytes of the address as a number of this machine.
 */
int multicast_parse_igmp(const char *text, size_t size, struct multicast_list *list)
{
	struct cursor cursor = CURSOR(text, size), line;
	struct inet_address group = {.family = AF_INET};

	if (!cursor_line(&cursor, &line))
		return 0;
	while (cursor_line(&cursor, &line)) {
		bool is_group = line.at < line.end && *line.at == '\t';
		uint32_t number;
		int r;

		if (!is_group) {
			r = cursor_u32(&line, 10, &group.interface);
			if (r < 0)
				return r;
			continue;
		}
		r = cursor_u32(&line, 16, &number);
		if (r < 0 || group.interface == 0)
			return -EBADMSG;
		memcpy(group.bytes, &number, sizeof(number));
		r = add(list, &group);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_hex(const struct cursor *digits, unsigned char bytes[INET_ADDRESS_SIZE_MAX])
{
	if (digits->end - digits->at != 2 * INET_ADDRESS_SIZE_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < INET_ADDRESS_SIZE_MAX; i++) {
		struct cursor pair = CURSOR(digits->at + 2 * i, 2);
		uint32_t value;

		if (cursor_u32(&pair, 16, &value) < 0 || !cursor_is_empty(&pair))
			return -EBADMSG;
		bytes[i] = (unsigned char)value;
	}
	return 0;
}

/* A line for each group: "1 lo ff020000000000000000000000000001 1 0000000C 0". */
int multicast_parse_igmp6(const char *text, size_t size, struct multicast_list *list)
{
	struct cursor cursor = CURSOR(text, size), line;

	while (cursor_line(&cursor, &line)) {
		struct inet_address group = {.family = AF_INET6};
		struct cursor name, digits;
		int r;

		if (cursor_u32(&line, 10, &group.interface) < 0 || !cursor_word(&line, &name) ||
		    !cursor_word(&line, &digits) || parse_hex(&digits, group.bytes) < 0)
			return -EBADMSG;
		r = add(list, &group);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_file(const char *path,
		     int (*parse)(const char *text, size_t size, struct multicast_list *list),
		     struct multicast_list *list)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	int r = file_read_at(AT_FDCWD, path, FILE_SIZE_MAX, &text, &size);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return parse(text, size, list);
}

int multicast_read(struct multicast_list *ret)
{
	cleanup_(multicast_list_done) struct multicast_list list = {0};
	int r = read_file("/proc/thread-self/net/igmp", multicast_parse_igmp, &list);

	if (r == 0)
		r = read_file("/proc/thread-self/net/igmp6", multicast_parse_igmp6, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct multicast_list){0};
	return 0;
}
