/* SPDX-License-Identifier: MIT */
/* Which sockets without ports there are. */
#include "common/proc/raw_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)
/* Words between the state and the inode: queues, timer, retransmissions, user, timeout. */
#define WORDS_BEFORE_INODE 5

void raw_socket_list_done(struct raw_socket_list *list)
{
	free(list->sockets);
	*list = (struct raw_socket_list){0};
}

/* "0100007F:0002": each four bytes of the address as a number of this machine. */
static int parse_address(struct cursor *line, int family, struct inet_address *ret_address)
{
	struct inet_address address = {.family = (uint16_t)family};
	size_t digits = 2 * inet_address_size(family);
	struct cursor word, port;
	uint32_t number;

	if (!cursor_word(line, &word) || (size_t)(word.end - word.at) <= digits || word.at[digits] != ':')
		return -EBADMSG;
	for (size_t i = 0; i < digits; i += 8) {
		struct cursor part = CURSOR(word.at + i, 8);

		if (cursor_u32(&part, 16, &number) < 0 || !cursor_is_empty(&part))
			return -EBADMSG;
		memcpy(address.bytes + i / 2, &number, sizeof(number));
	}
	port = (struct cursor){.at = word.at + digits + 1, .end = word.end};
	if (cursor_u32(&port, 16, &number) < 0 || !cursor_is_empty(&port) || number > UINT16_MAX)
		return -EBADMSG;
	address.port = (uint16_t)number;
	*ret_address = address;
	return 0;
}

/* "  35: 0100007F:0002 0100007F:0000 01 00000000:00000000 00:00000000 00000000     0        0 579501 3 ..."
 */
static int parse_socket(struct cursor *line, int family, struct raw_socket *ret_socket)
{
	struct cursor word;
	int r;

	if (!cursor_word(line, &word))
		return -EBADMSG;
	r = parse_address(line, family, &ret_socket->local);
	if (r == 0)
		r = parse_address(line, family, &ret_socket->peer);
	if (r == 0)
		r = cursor_u32(line, 16, &ret_socket->state);
	for (size_t i = 0; r == 0 && i < WORDS_BEFORE_INODE; i++)
		r = cursor_word(line, &word) ? 0 : -EBADMSG;
	return r < 0 ? r : cursor_u64(line, 10, &ret_socket->inode);
}

int raw_socket_list_parse(const char *text, size_t size, int family, struct raw_socket_list *list)
{
	struct cursor cursor = CURSOR(text, size), line;

	/* The heading. */
	if (!cursor_line(&cursor, &line))
		return 0;
	while (cursor_line(&cursor, &line)) {
		struct raw_socket *slot = vector_append(list, sockets);
		int r = slot ? parse_socket(&line, family, slot) : -ENOMEM;

		if (r < 0)
			return r;
	}
	return 0;
}

int raw_socket_list_read(struct raw_socket_list *ret)
{
	static const struct {
		const char *path;
		int family;
	} files[] = {
		{"/proc/thread-self/net/raw", AF_INET},
		{"/proc/thread-self/net/raw6", AF_INET6},
		{"/proc/thread-self/net/icmp", AF_INET},
		{"/proc/thread-self/net/icmp6", AF_INET6},
	};
	cleanup_(raw_socket_list_done) struct raw_socket_list list = {0};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_free char *text = NULL;
		size_t size = 0;
		int r = file_read_at(AT_FDCWD, files[i].path, FILE_SIZE_MAX, &text, &size);

		if (r == 0)
			r = raw_socket_list_parse(text, size, files[i].family, &list);
		else if (r == -ENOENT)
			r = 0;
		if (r < 0)
			return r;
	}
	*ret = list;
	list = (struct raw_socket_list){0};
	return 0;
}

const struct raw_socket *raw_socket_list_find(const struct raw_socket_list *list, uint64_t inode)
{
	for (size_t i = 0; i < list->sockets_count; i++)
		if (list->sockets[i].inode == inode)
			return &list->sockets[i];
	return NULL;
}
