/* SPDX-License-Identifier: MIT */
/* Compares the options of sockets in the kernel's memory. */
#include "common/kernel_socket_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's include/net/sock.h, sk_getsockopt() of net/core/sock.c. */
static const char *const paths[] = {
	"sock_common.skc_flags",
	"sock_common.skc_reuse",
	"sock_common.skc_reuseport",
	"sock_common.skc_bound_dev_if",
	"sock_common.skc_incoming_cpu",
	"sock.sk_rcvlowat",
	"sock.sk_rcvbuf",
	"sock.sk_sndbuf",
	"sock.sk_rcvtimeo",
	"sock.sk_sndtimeo",
	"sock.sk_filter",
	"sock.sk_peek_off",
	"sock.sk_priority",
	"sock.sk_mark",
	"sock.sk_max_pacing_rate",
	"sock.sk_lingertime",
	"sock.sk_no_check_tx",
	"sock.sk_userlocks",
	"sock.sk_tsflags",
	"sock.sk_bind_phc",
	"sock.sk_ll_usec",
	"sock.sk_prefer_busy_poll",
	"sock.sk_clockid",
	"sock.sk_txtime_deadline_mode",
	"sock.sk_txtime_report_errors",
	"sock.sk_reserved_mem",
	"sock.sk_txrehash",
	"sock.sk_scm_credentials",
	"sock.sk_scm_security",
	"sock.sk_scm_pidfd",
	"sock.sk_scm_rights",
};

struct kernel_socket_options {
	struct kernel_sockets *sockets; /* borrowed */
	struct kernel_member members[ARRAY_SIZE(paths) + 1];
	size_t count;
	size_t size; /* of a socket's beginning, with all members */
};

void kernel_socket_options_free(struct kernel_socket_options *options)
{
	free(options);
}

static int add_member(struct kernel_socket_options *options, const char *path)
{
	struct kernel_member *member = &options->members[options->count];
	int r = kernel_types_find(options->sockets->types, path, member);

	if (r < 0)
		return r;
	if (member->size == 0 || member->size > sizeof(uint64_t))
		return -EBADMSG;
	options->size = MAX(options->size, (size_t)member->offset + member->size);
	options->count++;
	return options->size > KERNEL_SOCKET_IMAGE_SIZE ? -EBADMSG : 0;
}

int kernel_socket_options_new(struct kernel_sockets *sockets, const char *more,
			      struct kernel_socket_options **ret)
{
	cleanup_(kernel_socket_options_freep) struct kernel_socket_options *options =
		calloc(1, sizeof(*options));
	int r;

	if (!options)
		return -ENOMEM;
	options->sockets = sockets;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		r = add_member(options, paths[i]);
		/* Not all kernels have all of them. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = add_member(options, more);
	if (r < 0)
		return r;
	*ret = take_ptr(options);
	return 0;
}

int kernel_socket_options_read(const struct kernel_socket_options *options, int fd,
			       unsigned char image[KERNEL_SOCKET_IMAGE_SIZE])
{
	return kernel_sockets_read_bytes(options->sockets, fd, 0, image, options->size);
}

static uint64_t value_of(const struct kernel_member *member,
			 const unsigned char image[KERNEL_SOCKET_IMAGE_SIZE])
{
	uint64_t bytes = 0;

	memcpy(&bytes, image + member->offset, member->size);
	return kernel_member_value(member, bytes);
}

bool kernel_socket_options_are_equal(const struct kernel_socket_options *options,
				     const unsigned char left[KERNEL_SOCKET_IMAGE_SIZE],
				     const unsigned char right[KERNEL_SOCKET_IMAGE_SIZE])
{
	for (size_t i = 0; i < options->count; i++) {
		const struct kernel_member *member = &options->members[i];

		if (value_of(member, left) != value_of(member, right))
			return false;
	}
	return true;
}
