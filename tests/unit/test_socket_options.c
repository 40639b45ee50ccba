/* SPDX-License-Identifier: MIT */
/* Which options of sockets an archive may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "format/fd/socket_options.h"

static Cr__SocketOption make_option(int level, int number, const void *value, size_t size)
{
	Cr__SocketOption option = CR__SOCKET_OPTION__INIT;

	option.level = level;
	option.number = number;
	option.value.data = (uint8_t *)(uintptr_t)value;
	option.value.len = size;
	return option;
}

static int check(Cr__SocketOption *first, Cr__SocketOption *second, size_t filter_size,
		 const char **ret_reason)
{
	static uint8_t filter[SOCKET_FILTER_INSTRUCTIONS_MAX * 8 + 8];
	Cr__SocketOption *list[] = {first, second};
	Cr__SocketOptions options = CR__SOCKET_OPTIONS__INIT;

	options.options = list;
	options.n_options = second ? 2 : first ? 1 : 0;
	options.filter.data = filter;
	options.filter.len = filter_size;
	return socket_options_check(&socket_options_shared, &options, ret_reason);
}

static void takes_valid_ones(void **state maybe_unused)
{
	int32_t value = 4096;
	struct linger linger = {1, 5};
	Cr__SocketOption size = make_option(SOL_SOCKET, SO_SNDBUF, &value, sizeof(value));
	Cr__SocketOption wait = make_option(SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	Cr__SocketOption device = make_option(SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4);
	const char *reason = NULL;

	assert_int_equal(check(NULL, NULL, 0, &reason), 0);
	assert_int_equal(check(&size, &wait, 16, &reason), 0);
	assert_int_equal(check(&device, NULL, SOCKET_FILTER_INSTRUCTIONS_MAX * 8, &reason), 0);
	assert_int_equal(socket_options_check(&socket_options_shared, NULL, &reason), 0);
	assert_null(reason);
}

static void refuses_others(void **state maybe_unused)
{
	int32_t value = 1;
	Cr__SocketOption error = make_option(SOL_SOCKET, SO_ERROR, &value, sizeof(value));
	Cr__SocketOption level = make_option(6, SO_SNDBUF, &value, sizeof(value));
	Cr__SocketOption small = make_option(SOL_SOCKET, SO_LINGER, &value, sizeof(value));
	Cr__SocketOption once = make_option(SOL_SOCKET, SO_MARK, &value, sizeof(value));
	Cr__SocketOption twice = make_option(SOL_SOCKET, SO_MARK, &value, sizeof(value));
	Cr__SocketOption device = make_option(SOL_SOCKET, SO_BINDTODEVICE, "0123456789abcdef", 16);
	Cr__SocketOption cut = make_option(SOL_SOCKET, SO_BINDTODEVICE, "et\0h0", 5);
	const char *reason = NULL;

	assert_int_equal(check(&error, NULL, 0, &reason), -EBADMSG);
	assert_non_null(strstr(reason, "unknown"));
	assert_int_equal(check(&level, NULL, 0, &reason), -EBADMSG);
	assert_int_equal(check(&small, NULL, 0, &reason), -EBADMSG);
	assert_non_null(strstr(reason, "size"));
	assert_int_equal(check(&once, &twice, 0, &reason), -EBADMSG);
	assert_non_null(strstr(reason, "twice"));
	assert_int_equal(check(&device, NULL, 0, &reason), -EBADMSG);
	assert_int_equal(check(&cut, NULL, 0, &reason), -EBADMSG);
	assert_int_equal(check(NULL, NULL, 12, &reason), -EBADMSG);
	assert_int_equal(check(NULL, NULL, SOCKET_FILTER_INSTRUCTIONS_MAX * 8 + 8, &reason), -EBADMSG);
}

/* What the table says of new sockets is what this kernel makes. */
static void knows_new_sockets(void **state maybe_unused)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	for (size_t i = 0; i < socket_options_shared.count; i++) {
		const struct socket_option_spec *spec = &socket_options_shared.specs[i];
		int64_t value = 0;
		int32_t number = 0;
		socklen_t size = sizeof(value);

		if (spec->depends_on_host || spec->size == 0 || spec->size > sizeof(value) ||
		    getsockopt(fd, spec->level, spec->number, &value, &size) < 0)
			continue;
		memcpy(&number, &value, sizeof(number));
		if (size != spec->size || (size == 4 ? number != (int32_t)spec->fresh : value != spec->fresh))
			fail_msg("%s is %lld", spec->name, (long long)value);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_valid_ones),
		cmocka_unit_test(refuses_others),
		cmocka_unit_test(knows_new_sockets),
	};

	return cmocka_run_group_tests_name("socket_options", tests, NULL, NULL);
}
