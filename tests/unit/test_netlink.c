/* SPDX-License-Identifier: MIT */
/* Which netlink sockets an archive may hold, and what the kernel tells of those there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/netlink/netlink_diag.h"
#include "format/fd/netlink.h"
#include "format/fd/socket_base.h"

/* Valid: bound to a port, in two groups. */
struct sample {
	Cr__SocketOption option, *options[1];
	Cr__SocketOptions family;
	Cr__SocketBase base;
	uint32_t groups[2];
	Cr__NetlinkSocket netlink;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.option = CR__SOCKET_OPTION__INIT,
		.family = CR__SOCKET_OPTIONS__INIT,
		.base = CR__SOCKET_BASE__INIT,
		.groups = {1, 33},
		.netlink = CR__NETLINK_SOCKET__INIT,
	};
	sample->options[0] = &sample->option;
	sample->option.level = SOL_NETLINK;
	sample->option.number = NETLINK_PKTINFO;
	sample->option.value = (ProtobufCBinaryData){.len = 4, .data = (uint8_t *)(uintptr_t) "\1\0\0\0"};
	sample->family.options = sample->options;
	sample->family.n_options = 1;
	sample->base.type = SOCK_RAW;
	sample->base.protocol = NETLINK_ROUTE;
	sample->base.family_options = &sample->family;
	sample->netlink.socket = &sample->base;
	sample->netlink.port = 4711;
	sample->netlink.groups = sample->groups;
	sample->netlink.n_groups = 2;
}

static void checks_sockets(void **state maybe_unused)
{
	struct sample sample;

#define TAKES(change)                                                                                        \
	do {                                                                                                 \
		const char *reason = NULL;                                                                   \
		sample_init(&sample);                                                                        \
		change;                                                                                      \
		assert_int_equal(netlink_check(&sample.netlink, &reason), 0);                                \
		assert_null(reason);                                                                         \
	} while (0)
#define REFUSES(change, why)                                                                                 \
	do {                                                                                                 \
		const char *reason = "";                                                                     \
		sample_init(&sample);                                                                        \
		change;                                                                                      \
		assert_int_equal(netlink_check(&sample.netlink, &reason), -EBADMSG);                         \
		if (!strstr(reason, why))                                                                    \
			fail_msg("refused because %s", reason);                                              \
	} while (0)

	TAKES();
	TAKES((sample.base.type = SOCK_DGRAM, sample.netlink.port = 0));
	TAKES((sample.netlink.is_connected = true, sample.netlink.peer_groups = 8));
	REFUSES(sample.netlink.socket = NULL, "no socket");
	REFUSES(sample.base.type = SOCK_STREAM, "no netlink");
	REFUSES(sample.base.protocol = MAX_LINKS, "protocol");
	REFUSES((sample.netlink.is_connected = true, sample.netlink.port = 0), "no port");
	REFUSES(sample.netlink.peer_port = 1, "not connected");
	REFUSES(sample.groups[0] = 0, "groups");
	REFUSES(sample.groups[0] = 33, "groups");
	REFUSES(sample.groups[1] = NETLINK_GROUP_MAX + 1, "groups");
	REFUSES(sample.option.number = 999, "unknown socket option");
	REFUSES(sample.option.value.len = 3, "wrong size");
#undef TAKES
#undef REFUSES
}

static void knows_sockets(void **state maybe_unused)
{
	cleanup_(netlink_diag_done) struct netlink_diag diag = {0};
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	const struct netlink_diag_socket *found;
	socklen_t size = sizeof(address);
	struct stat st;
	int r;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(fstat(fd, &st), 0);
	r = netlink_diag_read(&diag);
	if (r == -ENOENT)
		skip();
	assert_int_equal(r, 0);
	found = netlink_diag_find(&diag, st.st_ino);
	assert_non_null(found);
	assert_int_equal(found->port, address.nl_pid);
	assert_int_equal(found->protocol, NETLINK_USERSOCK);
	assert_false(found->is_connected || found->is_answering);
	assert_ptr_equal(netlink_diag_find_port(&diag, NETLINK_USERSOCK, address.nl_pid), found);
	assert_null(netlink_diag_find_port(&diag, NETLINK_GENERIC, address.nl_pid ^ 0x40000000));
}

/* What the table says of new sockets is what this kernel makes. */
static void knows_new_sockets(void **state maybe_unused)
{
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	assert_true(fd >= 0);
	for (size_t i = 0; i < socket_options_netlink.count; i++) {
		const struct socket_option_spec *spec = &socket_options_netlink.specs[i];
		int32_t value = -1;
		socklen_t size = sizeof(value);

		assert_int_equal(getsockopt(fd, spec->level, spec->number, &value, &size), 0);
		assert_int_equal(value, spec->fresh);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_sockets),
		cmocka_unit_test(knows_sockets),
		cmocka_unit_test(knows_new_sockets),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
