/* SPDX-License-Identifier: MIT */
/* Finds unix sockets that have the options of a new one. */
#include "dumper/fd/unix_options.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/kernel_socket_options.h"
#include "common/log.h"
#include "dumper/fd/socket_options.h"

/* To make sure that it works takes as long as so many sockets. */
#define FEW_SOCKETS 16
#define TYPES_COUNT (SOCK_SEQPACKET + 1)

enum state { STATE_FEW, STATE_USABLE, STATE_UNUSABLE };

/* Sockets of one type. */
struct kin {
	enum state state;
	size_t met_count;
	unsigned char fresh[KERNEL_SOCKET_IMAGE_SIZE]; /* a new one, */
	Cr__SocketOptions *options;                    /* and what it has, in dump->arena */
};

struct unix_options {
	struct kernel_socket_options *kernel; /* NULL: all are asked */
	struct kin kins[TYPES_COUNT];
};

struct unix_options *unix_options_new(struct kernel_sockets *kernel_sockets)
{
	struct unix_options *options = calloc(1, sizeof(*options));

	if (options && kernel_sockets &&
	    kernel_socket_options_new(kernel_sockets, UNIX_INQ_MEMBER, &options->kernel) < 0)
		options->kernel = NULL;
	return options;
}

void unix_options_free(struct unix_options *options)
{
	if (!options)
		return;
	if (options->kernel)
		kernel_socket_options_free(options->kernel);
	free(options);
}

static int look(const struct unix_options *options, const struct kin *kin, int fd, bool *ret_is_fresh)
{
	unsigned char image[KERNEL_SOCKET_IMAGE_SIZE];
	int r = kernel_socket_options_read(options->kernel, fd, image);

	if (r == 0)
		*ret_is_fresh = kernel_socket_options_are_equal(options->kernel, image, kin->fresh);
	return r;
}

/* Gives the socket FD another value of an option: 1 if that was done, 0 if no such socket can have another.
 */
static int change(int fd, const struct socket_option_spec *spec)
{
	static const unsigned char candidates[] = {1, 2, 0};
	unsigned char before[SOCKET_OPTION_TEXT_SIZE] = {0}, now[SOCKET_OPTION_TEXT_SIZE] = {0};
	unsigned char value[SOCKET_OPTION_TEXT_SIZE] = "lo";
	socklen_t size = spec->size ? spec->size : sizeof(value), now_size = size;

	if (getsockopt(fd, spec->level, spec->number, before, &size) < 0)
		return errno == ENOPROTOOPT || errno == EOPNOTSUPP ? 0 : -errno;
	size = spec->size ? spec->size : sizeof(value);
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		if (spec->size) {
			memset(value, 0, sizeof(value));
			value[0] = candidates[i];
		}
		if (setsockopt(fd, spec->level, spec->number, value, size) < 0) {
			if (errno == ENOPROTOOPT || errno == EOPNOTSUPP)
				return 0;
			continue;
		}
		if (getsockopt(fd, spec->level, spec->number, now, &now_size) < 0)
			return -errno;
		if (memcmp(now, before, sizeof(now)) != 0)
			return 1;
	}
	return -EINVAL;
}

/* Whether a change of the option is seen: 1 or 0. */
static int try_option(const struct unix_options *options, const struct kin *kin, int type,
		      const struct socket_option_spec *spec)
{
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	bool is_fresh = true;
	int r = fd < 0 ? -errno : change(fd, spec);

	if (r <= 0)
		return r < 0 ? r : 1;
	r = look(options, kin, fd, &is_fresh);
	return r < 0 ? r : !is_fresh;
}

static int try_filter(const struct unix_options *options, const struct kin *kin, int type)
{
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, ~0U);
	const struct sock_fprog program = {.len = 1, .filter = &all};
	bool is_fresh = true;
	int r;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	r = look(options, kin, fd, &is_fresh);
	return r < 0 ? r : !is_fresh;
}

/* Whether a new socket is known for one, and every option that another may have tells it from that: 1 or 0.
 */
static int try_all(const struct unix_options *options, struct kin *kin, int type)
{
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	bool is_fresh = false;
	int r = fd < 0 ? -errno : look(options, kin, fd, &is_fresh);

	if (r == 0)
		r = is_fresh;
	for (size_t i = 0; r > 0 && i < socket_options_shared.count; i++)
		r = try_option(options, kin, type, &socket_options_shared.specs[i]);
	return r <= 0 ? r : try_filter(options, kin, type);
}

static int prepare(struct dump *dump, const struct unix_options *options, struct kin *kin, int type)
{
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : kernel_socket_options_read(options->kernel, fd, kin->fresh);

	if (r == 0)
		r = try_all(options, kin, type);
	kin->state = r > 0 ? STATE_USABLE : STATE_UNUSABLE;
	return r > 0 ? socket_options_collect_shared(dump, fd, &kin->options) : 0;
}

int unix_options_collect(struct dump *dump, struct unix_options *options, int fd, int type,
			 Cr__SocketOptions **ret_options)
{
	struct kin *kin = type >= 0 && type < TYPES_COUNT ? &options->kins[type] : NULL;
	bool is_fresh = false;
	int r;

	if (kin && options->kernel && kin->state == STATE_FEW && kin->met_count++ == FEW_SOCKETS) {
		r = prepare(dump, options, kin, type);
		if (r < 0)
			return r;
	}
	if (kin && kin->state == STATE_USABLE && look(options, kin, fd, &is_fresh) == 0 && is_fresh) {
		*ret_options = kin->options;
		return 1;
	}
	return socket_options_collect_shared(dump, fd, ret_options);
}
