/* SPDX-License-Identifier: MIT */
/* What a valid open file is that leads out of what was dumped. */
#include "format/fd/external.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/proc/cursor.h"

#define refuse(reason) (*ret_reason = (reason), -EBADMSG)

static const struct {
	const char *name;
	enum external_type type;
	unsigned numbers, base;
} names[] = {
	{"unix", EXTERNAL_UNIX, 1, 10}, {"pipe", EXTERNAL_PIPE, 1, 10},   {"file", EXTERNAL_FILE, 2, 16},
	{"tty", EXTERNAL_TTY, 2, 16},   {"socket", EXTERNAL_UNIX, 1, 10},
};

static int parse_numbers(struct cursor *cursor, unsigned count, unsigned base, struct external_key *key)
{
	int r = cursor_u64(cursor, base, &key->first);

	if (r == 0 && count == 2)
		r = cursor_skip(cursor, ":") ? cursor_u64(cursor, base, &key->second) : -EINVAL;
	return r < 0 || !cursor_equals(cursor, "]") ? -EINVAL : 0;
}

int external_key_parse(const char *text, struct external_key *ret_key)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct cursor cursor = CURSOR(text, strlen(text));
		struct external_key key = {.type = names[i].type};

		if (!cursor_skip(&cursor, names[i].name))
			continue;
		(void)cursor_skip(&cursor, ":");
		if (!cursor_skip(&cursor, "[") ||
		    parse_numbers(&cursor, names[i].numbers, names[i].base, &key) < 0)
			return -EINVAL;
		*ret_key = key;
		return 0;
	}
	return -EINVAL;
}

const char *external_key_format(const struct external_key *key, char buffer[EXTERNAL_KEY_SIZE])
{
	const char *name = names[key->type].name;

	if (names[key->type].numbers == 1)
		snprintf(buffer, EXTERNAL_KEY_SIZE, "%s[%" PRIu64 "]", name, key->first);
	else
		snprintf(buffer, EXTERNAL_KEY_SIZE, "%s[%" PRIx64 ":%" PRIx64 "]", name, key->first,
			 key->second);
	return buffer;
}

static bool is_valid_socket_type(uint32_t type)
{
	return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET;
}

int external_check(const Cr__OpenFile *file, const Cr__External *external, const char **ret_reason)
{
	struct external_key key;

	if (!external->key || external_key_parse(external->key, &key) < 0)
		return refuse("its key is not valid");
	if ((key.type == EXTERNAL_UNIX) != (external->type == S_IFSOCK) ||
	    (key.type == EXTERNAL_PIPE && external->type != S_IFIFO) ||
	    (key.type == EXTERNAL_TTY && external->type != S_IFCHR) || external->type & ~(uint32_t)S_IFMT)
		return refuse("it is not of the type that its key says");
	if ((external->type == S_IFSOCK) != is_valid_socket_type(external->socket_type) &&
	    (external->type == S_IFSOCK || external->socket_type != 0))
		return refuse("its type of socket is not valid");
	if (external->standard & ~EXTERNAL_STANDARD_ALL)
		return refuse("it was an unknown standard descriptor");
	if ((file->flags & O_ACCMODE) == O_ACCMODE)
		return refuse("it can neither be read nor written");
	return 0;
}

int external_file_check(const Cr__ExternalFile *external, const char **ret_reason)
{
	struct external_key key;

	if (!external->key || external_key_parse(external->key, &key) < 0)
		return refuse("its key is not valid");
	if (external->pid <= 0 || external->fd < -1)
		return refuse("its process is not valid");
	return 0;
}
