/* SPDX-License-Identifier: MIT */
/* Asks for the options of sockets. */
#include "dumper/fd/socket_options.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/log.h"

static bool is_fresh(const struct socket_option_spec *spec, const void *value, size_t size)
{
	static const unsigned char zeros[SOCKET_OPTION_TEXT_SIZE];

	if (spec->depends_on_host || spec->size_max > 0)
		return false;
	if (spec->size == sizeof(int32_t))
		return memcmp(value, &(int32_t){(int32_t)spec->fresh}, size) == 0;
	if (spec->size == sizeof(int64_t))
		return memcmp(value, &spec->fresh, size) == 0;
	return memcmp(value, zeros, size) == 0;
}

/* 0: there is nothing to keep; 1: *ret_size bytes in VALUE. */
static int read_option(int fd, const struct socket_option_spec *spec,
		       unsigned char value[SOCKET_OPTION_SIZE_MAX], size_t *ret_size)
{
	socklen_t size = spec->size ? spec->size : spec->size_max ? spec->size_max : SOCKET_OPTION_TEXT_SIZE;

	memset(value, 0, size);
	if (getsockopt(fd, spec->level, spec->number, value, &size) < 0) {
		if (errno == ENOPROTOOPT || errno == EOPNOTSUPP || errno == EINVAL)
			return 0;
		return log_error_errno(-errno, "cannot ask for %s", spec->name);
	}
	*ret_size = spec->size || spec->size_max ? size : strnlen((const char *)value, size);
	if (spec->size && size != spec->size)
		return log_error_errno(-EPROTO, "%s has %u bytes instead of %u", spec->name, size,
				       spec->size);
	return *ret_size > 0 && !is_fresh(spec, value, *ret_size);
}

static Cr__SocketOptions *new_options(struct arena *arena)
{
	Cr__SocketOptions *options = arena_new(arena, Cr__SocketOptions);

	if (options)
		cr__socket_options__init(options);
	return options;
}

static int add_option(struct arena *arena, const struct socket_option_spec *spec, const void *value,
		      size_t size, size_t capacity, Cr__SocketOptions **options)
{
	Cr__SocketOption *option = arena_new(arena, Cr__SocketOption);

	if (!*options)
		*options = new_options(arena);
	if (*options && !(*options)->options)
		(*options)->options = arena_array(arena, Cr__SocketOption *, capacity);
	if (!option || !*options || !(*options)->options)
		return -ENOMEM;
	cr__socket_option__init(option);
	option->level = spec->level;
	option->number = spec->number;
	option->value = arena_bytes(arena, value, size);
	if (!option->value.data)
		return -ENOMEM;
	(*options)->options[(*options)->n_options++] = option;
	return 0;
}

int socket_options_collect(struct dump *dump, int fd, const struct socket_option_table *table,
			   Cr__SocketOptions **ret_options)
{
	Cr__SocketOptions *options = NULL;
	unsigned char value[SOCKET_OPTION_SIZE_MAX];
	size_t size = 0;

	for (size_t i = 0; i < table->count; i++) {
		int r = read_option(fd, &table->specs[i], value, &size);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		r = add_option(&dump->arena, &table->specs[i], value, size, table->count - i, &options);
		if (r < 0)
			return log_error_errno(r, "cannot note %s", table->specs[i].name);
	}
	*ret_options = options;
	return 0;
}

int socket_options_add_int(struct dump *dump, int number, int32_t value, Cr__SocketOptions **options)
{
	const struct socket_option_spec *spec =
		socket_option_find(&socket_options_shared, SOL_SOCKET, number);
	Cr__SocketOptions *longer = new_options(&dump->arena);
	size_t count = *options ? (*options)->n_options : 0;
	int r = 0;

	if (!spec || !longer)
		return log_error_errno(spec ? -ENOMEM : -EINVAL, "cannot note option %d", number);
	longer->options = arena_array(&dump->arena, Cr__SocketOption *, count + 1);
	if (!longer->options)
		return log_error_errno(-ENOMEM, "cannot note %s", spec->name);
	for (size_t i = 0; i < count; i++)
		longer->options[longer->n_options++] = (*options)->options[i];
	if (*options)
		longer->filter = (*options)->filter;
	r = add_option(&dump->arena, spec, &value, sizeof(value), 1, &longer);
	if (r < 0)
		return log_error_errno(r, "cannot note %s", spec->name);
	*options = longer;
	return 0;
}

/* The length of SO_GET_FILTER is in instructions. */
static int collect_filter(struct dump *dump, int fd, Cr__SocketOptions **options)
{
	cleanup_free struct sock_filter *instructions = NULL;
	socklen_t count = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count) < 0) {
		if (errno != EACCES)
			return log_error_errno(-errno, "cannot ask for its filter");
		blockers_add(&dump->blockers,
			     "has an eBPF program as its filter (SO_ATTACH_BPF), which cannot be "
			     "read: the program has to detach it first");
		return 0;
	}
	if (count == 0)
		return 0;
	instructions = calloc(count, sizeof(*instructions));
	if (!*options)
		*options = new_options(&dump->arena);
	if (!instructions || !*options)
		return log_error_errno(-ENOMEM, "cannot note its filter");
	if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, instructions, &count) < 0)
		return log_error_errno(-errno, "cannot read its filter");
	(*options)->filter = arena_bytes(&dump->arena, instructions, count * sizeof(*instructions));
	return (*options)->filter.data ? 0 : log_error_errno(-ENOMEM, "cannot note its filter");
}

int socket_options_collect_shared(struct dump *dump, int fd, Cr__SocketOptions **ret_options)
{
	Cr__SocketOptions *options = NULL;
	int r = socket_options_collect(dump, fd, &socket_options_shared, &options);

	if (r == 0)
		r = collect_filter(dump, fd, &options);
	if (r == 0)
		*ret_options = options;
	return r;
}
