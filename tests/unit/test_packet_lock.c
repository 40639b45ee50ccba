/* SPDX-License-Identifier: MIT */
/* Packets of connections are held back, and no others; in a network namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/netlink/packet_lock.h"

#define MANY 3000

static int listener;

static int enter_network(void **state maybe_unused)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
	listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 10), 0);
	return 0;
}

static void need_network(void)
{
	if (listener <= 0)
		skip();
}

struct pair {
	int client, server;
	struct packet_lock_connection connection; /* of the client */
};

static struct pair connect_pair(const char *host)
{
	struct sockaddr_storage storage = {0};
	socklen_t size = sizeof(storage);
	struct pair pair = {.client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&storage, &size), 0);
	memset(&address->sin6_addr, 0, sizeof(address->sin6_addr));
	if (strchr(host, '.'))
		memcpy(&address->sin6_addr, "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1", 16);
	else
		address->sin6_addr = in6addr_loopback;
	assert_int_equal(connect(pair.client, (struct sockaddr *)&storage, size), 0);
	pair.server = accept(listener, NULL, NULL);
	assert_true(pair.server >= 0);
	assert_true(inet_address_from_sockaddr(&pair.connection.peer, &storage, size));
	assert_int_equal(getsockname(pair.client, (struct sockaddr *)&storage, &size), 0);
	assert_true(inet_address_from_sockaddr(&pair.connection.local, &storage, size));
	return pair;
}

static void close_pair(const struct pair *pair)
{
	close(pair->client);
	close(pair->server);
}

static bool arrives(int from, int to, int timeout_ms)
{
	struct pollfd waiting = {.fd = to, .events = POLLIN};
	char byte = 'x';

	assert_int_equal(send(from, &byte, 1, 0), 1);
	if (poll(&waiting, 1, timeout_ms) == 0)
		return false;
	assert_int_equal(recv(to, &byte, 1, 0), 1);
	return true;
}

static int count_one(void *context, const char *name maybe_unused, const char *comment)
{
	int *count = context;

	assert_string_equal(comment, "of a test");
	(*count)++;
	return 0;
}

static int locks(void)
{
	int count = 0;

	assert_int_equal(packet_lock_list(count_one, &count), 0);
	return count;
}

static void holds_back(const char *host)
{
	struct pair held = connect_pair(host), other = connect_pair(host);
	char name[PACKET_LOCK_NAME_SIZE];
	struct packet_lock *lock = NULL;

	assert_int_equal(packet_lock_name(name), 0);
	assert_true(packet_lock_is_name(name));
	assert_int_equal(packet_lock_new(name, &held.connection, 1, &lock), 0);
	assert_false(arrives(held.client, held.server, 100));
	assert_false(arrives(held.server, held.client, 100));
	assert_true(arrives(other.client, other.server, 5000));
	assert_true(arrives(other.server, other.client, 5000));
	packet_lock_free(lock);
	assert_true(arrives(held.server, held.client, 20000));
	assert_true(arrives(held.client, held.server, 20000));
	close_pair(&held);
	close_pair(&other);
}

static void holds_back_ipv4(void **state maybe_unused)
{
	need_network();
	holds_back("127.0.0.1");
}

static void holds_back_ipv6(void **state maybe_unused)
{
	need_network();
	holds_back("::1");
}

static void leaves_and_removes(void **state maybe_unused)
{
	struct pair held;
	char name[PACKET_LOCK_NAME_SIZE];

	need_network();
	held = connect_pair("::1");
	assert_int_equal(packet_lock_name(name), 0);
	assert_int_equal(packet_lock_remove(NULL, name), -ENOENT);
	assert_int_equal(packet_lock_leave(name, "of a test", &held.connection, 1), 0);
	assert_int_equal(packet_lock_leave(name, "of a test", &held.connection, 1), -EEXIST);
	assert_int_equal(locks(), 1);
	assert_false(arrives(held.client, held.server, 100));
	assert_int_equal(packet_lock_remove(NULL, name), 0);
	assert_int_equal(locks(), 0);
	assert_true(arrives(held.client, held.server, 20000));
	close_pair(&held);
}

static void removes_by_the_socket_of_another(void **state maybe_unused)
{
	char left[PACKET_LOCK_NAME_SIZE], own[PACKET_LOCK_NAME_SIZE];
	struct packet_lock *lock = NULL;
	struct pair held;

	need_network();
	held = connect_pair("127.0.0.1");
	assert_int_equal(packet_lock_name(left), 0);
	assert_int_equal(packet_lock_name(own), 0);
	assert_int_equal(packet_lock_leave(left, "of a test", &held.connection, 1), 0);
	assert_int_equal(packet_lock_new(own, &held.connection, 1, &lock), 0);
	assert_int_equal(packet_lock_remove(lock, left), 0);
	assert_int_equal(packet_lock_remove(lock, left), -ENOENT);
	assert_false(arrives(held.client, held.server, 100));
	packet_lock_free(lock);
	assert_int_equal(locks(), 0);
	assert_true(arrives(held.client, held.server, 20000));
	close_pair(&held);
}

static void holds_many(void **state maybe_unused)
{
	static struct packet_lock_connection connections[MANY];
	char name[PACKET_LOCK_NAME_SIZE];
	struct packet_lock *lock = NULL;
	struct pair held;

	need_network();
	held = connect_pair("127.0.0.1");
	for (size_t i = 0; i < MANY; i++) {
		connections[i] = held.connection;
		connections[i].local.port = (uint16_t)(i + 1);
	}
	connections[MANY - 1] = held.connection;
	assert_int_equal(packet_lock_name(name), 0);
	assert_int_equal(packet_lock_new(name, connections, MANY, &lock), 0);
	assert_false(arrives(held.client, held.server, 100));
	packet_lock_free(lock);
	assert_true(arrives(held.client, held.server, 20000));
	close_pair(&held);
}

static void knows_names(void **state maybe_unused)
{
	assert_false(packet_lock_is_name(""));
	assert_false(packet_lock_is_name("filter"));
	assert_false(packet_lock_is_name("cr-lock-0123456789abcde"));
	assert_false(packet_lock_is_name("cr-lock-0123456789abcdef0"));
	assert_false(packet_lock_is_name("cr-lock-0123456789abcdeF"));
	assert_true(packet_lock_is_name("cr-lock-0123456789abcdef"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names),     cmocka_unit_test(holds_back_ipv4),
		cmocka_unit_test(holds_back_ipv6), cmocka_unit_test(leaves_and_removes),
		cmocka_unit_test(holds_many),      cmocka_unit_test(removes_by_the_socket_of_another),
	};

	return cmocka_run_group_tests(tests, enter_network, NULL);
}
