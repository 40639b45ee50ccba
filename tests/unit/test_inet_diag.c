/* SPDX-License-Identifier: MIT */
/* What the kernel tells of internet sockets and addresses, asked about some of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/netlink/inet_diag.h"
#include "common/netlink/route.h"

static struct inet_address make_address(const char *text)
{
	struct inet_address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	assert_int_equal(inet_pton(address.family, text, address.bytes), 1);
	return address;
}

static int bound_socket(int type, const char *host)
{
	struct inet_address address = make_address(host);
	int fd = socket(address.family, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage storage;
	socklen_t size = inet_address_to_sockaddr(&address, &storage);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&storage, size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct inet_address name_of(int fd)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	struct inet_address address;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &size), 0);
	assert_true(inet_address_from_sockaddr(&address, &storage, size));
	return address;
}

static const struct inet_diag_socket *find(struct inet_diag *diag, int fd)
{
	const struct inet_diag_socket *found;
	struct inet_address name = name_of(fd);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	found = inet_diag_find(diag, st.st_ino);
	assert_non_null(found);
	assert_true(inet_address_is_equal(&found->local, &name));
	assert_int_equal(found->uid, getuid());
	return found;
}

static void knows_udp(void **state maybe_unused)
{
	cleanup_(inet_diag_done) struct inet_diag diag = {0};
	int server = bound_socket(SOCK_DGRAM, "127.0.0.1"), client = bound_socket(SOCK_DGRAM, "127.0.0.1");
	struct inet_address to = name_of(server);
	struct sockaddr_storage storage;
	socklen_t size = inet_address_to_sockaddr(&to, &storage);

	assert_int_equal(connect(client, (struct sockaddr *)&storage, size), 0);
	assert_int_equal(send(client, "data", 4, 0), 4);
	assert_int_equal(shutdown(client, SHUT_RD), 0);
	assert_int_equal(inet_diag_read(&diag, IPPROTO_UDP), 0);
	assert_int_equal(find(&diag, server)->state, TCP_CLOSE);
	assert_true(find(&diag, server)->receive_queue > 0);
	assert_int_equal(find(&diag, client)->state, TCP_ESTABLISHED);
	assert_true(inet_address_is_equal(&find(&diag, client)->peer, &to));
	assert_int_equal(find(&diag, client)->shutdown, 1);
	close(server);
	close(client);
}

static void knows_tcp(void **state maybe_unused)
{
	cleanup_(inet_diag_done) struct inet_diag diag = {0};
	int listener = bound_socket(SOCK_STREAM, "127.0.0.1"),
	    client = bound_socket(SOCK_STREAM, "127.0.0.1");
	struct inet_address to = name_of(listener);
	struct sockaddr_storage storage;
	socklen_t size = inet_address_to_sockaddr(&to, &storage);
	size_t waiting = 0;

	assert_int_equal(listen(listener, 7), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&storage, size), 0);
	assert_int_equal(inet_diag_read(&diag, IPPROTO_TCP), 0);
	assert_int_equal(find(&diag, listener)->state, TCP_LISTEN);
	assert_int_equal(find(&diag, listener)->receive_queue, 1);
	assert_int_equal(find(&diag, listener)->send_queue, 7);
	assert_int_equal(find(&diag, client)->state, TCP_ESTABLISHED);
	for (size_t i = 0; i < diag.sockets_count; i++)
		waiting += diag.sockets[i].inode == 0 && diag.sockets[i].state == TCP_ESTABLISHED &&
			   inet_address_is_equal(&diag.sockets[i].local, &to);
	assert_int_equal(waiting, 1);
	assert_non_null(inet_diag_find_peer(&diag, find(&diag, client)));
	assert_true(inet_address_is_equal(&inet_diag_find_peer(&diag, find(&diag, client))->local, &to));
	assert_null(inet_diag_find_peer(&diag, find(&diag, listener)));
	close(listener);
	close(client);
}

static void knows_ipv6(void **state maybe_unused)
{
	cleanup_(inet_diag_done) struct inet_diag diag = {0};
	int any = bound_socket(SOCK_DGRAM, "::"), one = bound_socket(SOCK_DGRAM, "::1");

	if (any < 0 || one < 0)
		skip();
	assert_int_equal(inet_diag_read(&diag, IPPROTO_UDP), 0);
	assert_false(find(&diag, any)->is_v6_only);
	assert_true(find(&diag, one)->is_v6_only);
	close(any);
	close(one);
}

static void check_local(const char *text, bool is_local)
{
	struct inet_address address = make_address(text);
	int r = route_is_local(&address);

	if (address.family == AF_INET6 && r == -EPROTONOSUPPORT)
		return;
	assert_int_equal(r, is_local);
}

static void knows_local_addresses(void **state maybe_unused)
{
	check_local("127.0.0.1", true);
	check_local("127.3.4.5", true);
	check_local("::ffff:127.0.0.1", true);
	check_local("203.0.113.77", false);
	check_local("224.0.0.1", false);
	check_local("255.255.255.255", false);
	check_local("2001:db8::77", false);
}

static void check_text(const char *host, uint16_t port, uint32_t interface, const char *expected)
{
	struct inet_address address = make_address(host);
	char text[INET_ADDRESS_TEXT_SIZE];

	address.port = port;
	address.interface = interface;
	assert_string_equal(inet_address_format(&address, text), expected);
}

static void writes_addresses(void **state maybe_unused)
{
	check_text("127.0.0.1", 80, 0, "127.0.0.1:80");
	check_text("127.0.0.1", 0, 0, "127.0.0.1");
	check_text("::1", 80, 0, "[::1]:80");
	check_text("fe80::1", 65535, 12, "[fe80::1%12]:65535");
	check_text("fe80::1", 0, 0, "fe80::1");
}

static void knows_addresses(void **state maybe_unused)
{
	struct inet_address any = make_address("::"), mapped_any = make_address("::ffff:0.0.0.0");
	struct inet_address mapped = make_address("::ffff:10.0.0.1"), plain = make_address("10.0.0.1");
	struct inet_address unmapped = inet_address_unmap(&mapped), group = make_address("239.1.2.3");
	struct inet_address group6 = make_address("ff02::1"), local6 = make_address("fe80::1");

	assert_true(inet_address_is_any(&any) && inet_address_is_any(&mapped_any));
	assert_false(inet_address_is_any(&mapped) || inet_address_is_any(&plain));
	assert_true(inet_address_is_equal(&unmapped, &plain));
	assert_false(inet_address_is_equal(&mapped, &plain));
	assert_true(inet_address_is_multicast(&group) && inet_address_is_multicast(&group6));
	assert_false(inet_address_is_multicast(&plain) || inet_address_is_multicast(&local6));
	assert_true(inet_address_is_link_local(&local6));
	assert_false(inet_address_is_link_local(&group6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_udp),        cmocka_unit_test(knows_tcp),
		cmocka_unit_test(knows_ipv6),       cmocka_unit_test(knows_local_addresses),
		cmocka_unit_test(writes_addresses), cmocka_unit_test(knows_addresses),
	};

	return cmocka_run_group_tests_name("inet_diag", tests, NULL, NULL);
}
