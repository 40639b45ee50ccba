/* SPDX-License-Identifier: MIT */
/* Sets the options of sockets. */
#include "restorer/fd/socket_options.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"

static const char *capability_name(int capability)
{
	return capability == CAP_NET_ADMIN ? "CAP_NET_ADMIN"
	       : capability == CAP_NET_RAW ? "CAP_NET_RAW"
					   : "more";
}

static bool is_buffer(const struct socket_option_spec *spec)
{
	return spec->level == SOL_SOCKET && (spec->number == SO_SNDBUF || spec->number == SO_RCVBUF);
}

/* The greatest size that SO_SNDBUF or SO_RCVBUF may be set to without a privilege; 0 if it cannot be read. */
static int64_t buffer_limit(int number)
{
	cleanup_free char *text = NULL;

	if (file_read_at(AT_FDCWD,
			 number == SO_SNDBUF ? "/proc/sys/net/core/wmem_max" : "/proc/sys/net/core/rmem_max",
			 64, &text, NULL) < 0)
		return 0;
	return strtoll(text, NULL, 10);
}

void socket_options_preflight(struct restore *restore, const struct socket_option_table *table,
			      const Cr__SocketOptions *options, const char *what)
{
	bool is_admin = kernel_features_has_cap(&restore->features, CAP_NET_ADMIN);

	for (size_t i = 0; i < table->count; i++) {
		const struct socket_option_spec *spec = &table->specs[i];
		const Cr__SocketOption *option = socket_options_get(options, spec->level, spec->number);
		int32_t value;

		if (!option)
			continue;
		value = socket_options_get_int(options, spec->level, spec->number, 0);
		if (spec->capability >= 0 &&
		    !kernel_features_has_cap(&restore->features, (unsigned)spec->capability))
			blockers_add(&restore->blockers, "%s has the option %s, to set which takes %s", what,
				     spec->name, capability_name(spec->capability));
		else if (is_buffer(spec) && !is_admin && value / 2 > buffer_limit(spec->number))
			blockers_add(&restore->blockers,
				     "%s has a buffer of %d bytes (%s), more than is allowed here: raise "
				     "net.core.%s to "
				     "%d, or run cr-restore with CAP_NET_ADMIN",
				     what, value, spec->name,
				     spec->number == SO_SNDBUF ? "wmem_max" : "rmem_max", value / 2);
	}
}

int socket_buffer_set(int fd, int number, int32_t size)
{
	int32_t half = size / 2, now = 0;
	socklen_t length = sizeof(now);

	if (getsockopt(fd, SOL_SOCKET, number, &now, &length) < 0)
		return -errno;
	if (now == size)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, number == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, &half,
		       sizeof(half)) < 0 &&
	    (errno != EPERM || setsockopt(fd, SOL_SOCKET, number, &half, sizeof(half)) < 0))
		return -errno;
	length = sizeof(now);
	if (getsockopt(fd, SOL_SOCKET, number, &now, &length) < 0)
		return -errno;
	return now >= half * 2 ? 0 : -EPERM;
}

static int set_option(int fd, const struct socket_option_spec *spec, const Cr__SocketOption *option)
{
	unsigned char now[SOCKET_OPTION_SIZE_MAX];
	socklen_t size = sizeof(now);
	int r;

	if (is_buffer(spec)) {
		int32_t value;

		memcpy(&value, option->value.data, sizeof(value));
		r = socket_buffer_set(fd, spec->number, value);
		return r < 0 ? log_error_errno(r, "cannot set %s to %d", spec->name, value) : 0;
	}
	/* What it has already need not be allowed. */
	if (spec->depends_on_host && getsockopt(fd, spec->level, spec->number, now, &size) == 0 &&
	    size == option->value.len && memcmp(now, option->value.data, size) == 0)
		return 0;
	if (setsockopt(fd, spec->level, spec->number, option->value.data, (socklen_t)option->value.len) < 0)
		return log_error_errno(-errno, "cannot set %s", spec->name);
	return 0;
}

static int apply(int fd, const struct socket_option_table *table, const Cr__SocketOptions *options,
		 enum socket_option_phase phase)
{
	if (!options || options->n_options == 0)
		return 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct socket_option_spec *spec = &table->specs[i];
		const Cr__SocketOption *option;
		int r;

		if (spec->phase != phase)
			continue;
		option = socket_options_get(options, spec->level, spec->number);
		r = option ? set_option(fd, spec, option) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_filter(int fd, const Cr__SocketOptions *options)
{
	struct sock_fprog program;

	/* That of socket_filter_deny(). */
	if (!options || options->filter.len == 0) {
		if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int)) < 0 &&
		    errno != ENOENT)
			return log_error_errno(-errno, "cannot take a filter from its socket");
		return 0;
	}
	program = (struct sock_fprog){
		.len = (unsigned short)(options->filter.len / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(void *)options->filter.data,
	};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return log_error_errno(-errno, "cannot set its filter");
	return 0;
}

int socket_filter_deny(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {.len = 1, .filter = &nothing};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
		       ? log_error_errno(-errno, "cannot set a filter")
		       : 0;
}

int socket_options_apply_early(int fd, const struct socket_option_table *table,
			       const Cr__SocketOptions *options)
{
	return apply(fd, table, options, SOCKET_OPTION_EARLY);
}

int socket_options_apply_late(int fd, const struct socket_option_table *table,
			      const Cr__SocketOptions *options)
{
	int r = apply(fd, table, options, SOCKET_OPTION_LATE);

	/* It is among those that all families share. */
	if (r == 0 && table == &socket_options_shared)
		r = set_filter(fd, options);
	return r < 0 ? r : apply(fd, table, options, SOCKET_OPTION_LAST);
}
