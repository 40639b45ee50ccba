/* SPDX-License-Identifier: MIT */
/* Which internet sockets an archive may hold, and the lists of groups in /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/proc/multicast.h"
#include "format/fd/tcp.h"
#include "format/fd/udp.h"

static ProtobufCBinaryData bytes_of(const void *data, size_t size)
{
	return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)data};
}

/* Valid, bound to 127.0.0.1:53. */
struct sample {
	Cr__InetAddress local, peer;
	Cr__InetMembership membership, *memberships[1];
	Cr__InetSocket inet;
	Cr__UdpSocket udp;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.local = CR__INET_ADDRESS__INIT,
		.peer = CR__INET_ADDRESS__INIT,
		.membership = CR__INET_MEMBERSHIP__INIT,
		.inet = CR__INET_SOCKET__INIT,
		.udp = CR__UDP_SOCKET__INIT,
	};
	sample->local.address = bytes_of("\177\0\0\1", 4);
	sample->local.port = 53;
	sample->peer.address = bytes_of("\12\0\0\1", 4);
	sample->peer.port = 54;
	sample->membership.group = bytes_of("\357\1\2\3", 4);
	sample->membership.interface = (char *)"eth0";
	sample->memberships[0] = &sample->membership;
	sample->inet.family = AF_INET;
	sample->inet.type = SOCK_DGRAM;
	sample->inet.protocol = IPPROTO_UDP;
	sample->inet.local = &sample->local;
	sample->inet.memberships = sample->memberships;
	sample->udp.socket = &sample->inet;
}

static void takes(const struct sample *sample)
{
	const char *reason = NULL;

	assert_int_equal(udp_check(&sample->udp, &reason), 0);
	assert_null(reason);
}

static void refuses(const struct sample *sample, const char *why)
{
	const char *reason = NULL;

	assert_int_equal(udp_check(&sample->udp, &reason), -EBADMSG);
	assert_non_null(reason);
	if (!strstr(reason, why))
		fail_msg("refused because %s", reason);
}

static void takes_valid_ones(void **state maybe_unused)
{
	struct sample sample;

	sample_init(&sample);
	takes(&sample);
	sample.inet.peer = &sample.peer;
	sample.inet.shutdown = 3;
	sample.inet.n_memberships = 1;
	takes(&sample);
	sample.inet.peer = sample.inet.local = NULL;
	takes(&sample);
	sample_init(&sample);
	sample.inet.family = AF_INET6;
	sample.local.address = bytes_of((const char[16]){0}, 16);
	sample.inet.n_memberships = 1;
	takes(&sample);
}

static void refuses_others(void **state maybe_unused)
{
	ProtobufCBinaryData source = bytes_of((const char[16]){1}, 16);
	struct sample sample;

#define REFUSES(change, why)                                                                                 \
	sample_init(&sample);                                                                                \
	change;                                                                                              \
	refuses(&sample, why)

	REFUSES(sample.udp.socket = NULL, "no socket");
	REFUSES(sample.inet.type = SOCK_STREAM, "no UDP");
	REFUSES(sample.inet.protocol = IPPROTO_TCP, "no UDP");
	REFUSES(sample.inet.family = AF_UNIX, "family");
	REFUSES(sample.inet.family = AF_INET6, "wrong size");
	REFUSES(sample.local.address.len = 3, "wrong size");
	REFUSES(sample.local.port = 65536, "port");
	REFUSES(sample.local.interface = (char *)"0123456789abcdef", "interface");
	REFUSES(sample.local.interface = (char *)"../x", "interface");
	REFUSES((sample.inet.peer = &sample.peer, sample.inet.local = NULL), "no address of its own");
	REFUSES(sample.inet.shutdown = 4, "shut down");
	REFUSES((sample.inet.n_memberships = 1, sample.membership.group.len = 5), "group of the wrong size");
	REFUSES((sample.inet.n_memberships = 1, sample.membership.group = sample.local.address), "none");
	REFUSES((sample.inet.n_memberships = 1, sample.membership.interface = (char *)""), "interface");
	REFUSES((sample.inet.n_memberships = 1, sample.membership.n_sources = 1,
		 sample.membership.sources = &source),
		"source");
	REFUSES(sample.udp.contents_size = UDP_CONTENTS_SIZE_MAX + 1, "more waits");
	REFUSES((sample.udp.contents_size = 1, sample.inet.local = NULL), "no port");
#undef REFUSES
}

static void checks_datagrams(void **state maybe_unused)
{
	Cr__UdpDatagram datagram = CR__UDP_DATAGRAM__INIT;
	const char *reason = NULL;
	struct sample sample;

	sample_init(&sample);
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
	datagram.sender = &sample.peer;
	datagram.size = UDP_DATAGRAM_SIZE_MAX - 8;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), 0);
	datagram.size = UDP_DATAGRAM_SIZE_MAX;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
	datagram.segment_size = 1000;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), 0);
	datagram.size = UDP_DATAGRAM_SIZE_MAX + 1;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
	datagram.size = 999;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
	datagram.segment_size = 0;
	datagram.hop_limit = 256;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
	datagram.hop_limit = 0;
	datagram.destination = bytes_of("12345", 5);
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
	datagram.destination.len = 4;
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), 0);
	sample.peer.address = bytes_of("\0\0\0\0", 4);
	assert_int_equal(udp_datagram_check(&sample.udp, &datagram, &reason), -EBADMSG);
}

static void check_table(const struct socket_option_table *table, int fd)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct socket_option_spec *spec = &table->specs[i];
		int64_t wide = 0;
		int32_t value;
		socklen_t size = sizeof(wide);

		if (spec->name[0] < 'A' || spec->name[0] > 'Z')
			fail_msg("option %d is called %s", spec->number, spec->name);
		if (spec->depends_on_host || spec->size_max > 0 ||
		    getsockopt(fd, spec->level, spec->number, &wide, &size) < 0 ||
		    spec->size > sizeof(wide) || spec->size == 0)
			continue;
		memcpy(&value, &wide, sizeof(value));
		if (size != spec->size || (size == 4 ? value != (int32_t)spec->fresh : wide != spec->fresh))
			fail_msg("%s is %d", spec->name, value);
	}
}

/* What the tables say of new sockets is what this kernel makes. */
static void knows_new_sockets(void **state maybe_unused)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		cleanup_close int fd = socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			continue;
		check_table(&socket_options_ip, fd);
		check_table(&socket_options_ipv6, fd);
		check_table(&socket_options_udp, fd);
		check_table(&socket_options_shared, fd);
	}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		cleanup_close int fd = socket(families[i], SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			continue;
		check_table(&socket_options_ip, fd);
		check_table(&socket_options_ipv6, fd);
		check_table(&socket_options_tcp, fd);
	}
}

static void checks_tcp(void **state maybe_unused)
{
	struct sample sample, other;
	Cr__TcpSocket tcp = CR__TCP_SOCKET__INIT;
	Cr__TcpGone gone = CR__TCP_GONE__INIT, *gone_list[] = {&gone};
	uint32_t waiting[] = {7, 0};
	const char *reason = NULL;

	sample_init(&sample);
	sample.inet.type = SOCK_STREAM;
	sample.inet.protocol = IPPROTO_TCP;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	tcp.socket = &sample.inet;
	tcp.state = TCP_LISTEN;
	tcp.backlog = 128;
	assert_int_equal(tcp_check(&tcp, &reason), 0);
	tcp.waiting = waiting;
	tcp.n_waiting = 2;
	tcp.gone = gone_list;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	tcp.n_gone = 1;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	gone.socket = &other.inet;
	sample_init(&other);
	other.inet.type = SOCK_STREAM;
	other.inet.protocol = IPPROTO_TCP;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	other.inet.peer = &other.peer;
	gone.size = 17;
	assert_int_equal(tcp_check(&tcp, &reason), 0);
	assert_int_equal(tcp_contents_size(&tcp), 17);
	gone.size = UINT32_MAX;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	tcp.n_waiting = tcp.n_gone = 0;
	tcp.backlog = UINT32_MAX;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	tcp.backlog = 0;
	sample.inet.local = NULL;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	tcp.state = TCP_CLOSE;
	assert_int_equal(tcp_check(&tcp, &reason), 0);
	tcp.state = 12;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
	tcp.state = TCP_CLOSE;
	sample.inet.type = SOCK_DGRAM;
	assert_int_equal(tcp_check(&tcp, &reason), -EBADMSG);
}

#define REFUSES_TCP(change, why)                                                                             \
	do {                                                                                                 \
		const char *reason_ = NULL;                                                                  \
		Cr__TcpConnection connection = CR__TCP_CONNECTION__INIT;                                     \
		Cr__TcpWindow window = CR__TCP_WINDOW__INIT;                                                 \
		Cr__TcpSocket tcp = CR__TCP_SOCKET__INIT;                                                    \
		struct sample sample;                                                                        \
		connected_init(&sample, &tcp, &connection, &window);                                         \
		change;                                                                                      \
		assert_int_equal(tcp_check(&tcp, &reason_), -EBADMSG);                                       \
		assert_non_null(reason_);                                                                    \
		if (!strstr(reason_, why))                                                                   \
			fail_msg("refused because %s", reason_);                                             \
	} while (0)

static void connected_init(struct sample *sample, Cr__TcpSocket *tcp, Cr__TcpConnection *connection,
			   Cr__TcpWindow *window)
{
	sample_init(sample);
	sample->inet.type = SOCK_STREAM;
	sample->inet.protocol = IPPROTO_TCP;
	sample->inet.peer = &sample->peer;
	connection->send_sequence = 0xfffffff0;
	connection->receive_sequence = 0xffffff00;
	connection->receive_size = 512;
	connection->sent_size = 100;
	connection->window = window;
	window->send = window->send_maximum = 65536;
	window->receive = 4096;
	window->receive_update = 256;
	window->send_update = 200;
	tcp->socket = &sample->inet;
	tcp->state = TCP_ESTABLISHED;
	tcp->connection = connection;
}

static void checks_tcp_connections(void **state maybe_unused)
{
	Cr__TcpConnection connection = CR__TCP_CONNECTION__INIT;
	Cr__TcpWindow window = CR__TCP_WINDOW__INIT;
	Cr__TcpSocket tcp = CR__TCP_SOCKET__INIT;
	const char *reason = NULL;
	struct sample sample;

	connected_init(&sample, &tcp, &connection, &window);
	assert_int_equal(tcp_check(&tcp, &reason), 0);
	assert_int_equal(tcp_contents_size(&tcp), 612);
	connection.is_inside = connection.is_waiting = true;
	connection.receive_size = connection.sent_size = 0;
	connection.unsent_size = 9;
	connection.window = NULL;
	assert_int_equal(tcp_check(&tcp, &reason), 0);
	connection.is_waiting = false;
	connection.unsent_size = 0;
	tcp.state = TCP_CLOSE;
	connection.error = ECONNRESET;
	assert_int_equal(tcp_check(&tcp, &reason), 0);
}

static void refuses_tcp_connections(void **state maybe_unused)
{
	REFUSES_TCP(sample.inet.peer = NULL, "not from one port to another");
	REFUSES_TCP(sample.inet.local = NULL, "no address of its own");
	REFUSES_TCP(sample.peer.port = 0, "not from one port to another");
	REFUSES_TCP(tcp.connection = NULL, "in a state in which it cannot be");
	REFUSES_TCP(tcp.state = TCP_LISTEN, "in a state in which it cannot be");
	REFUSES_TCP(tcp.state = TCP_TIME_WAIT, "unknown state");
	REFUSES_TCP(tcp.state = TCP_SYN_RECV, "unknown state");
	REFUSES_TCP(tcp.state = TCP_FIN_WAIT2, "something to send");
	REFUSES_TCP(tcp.state = TCP_CLOSE, "something to send");
	REFUSES_TCP((tcp.state = TCP_SYN_SENT, connection.sent_size = 0), "before it was connected");
	REFUSES_TCP(connection.receive_size = TCP_QUEUE_SIZE_MAX + 1, "more waits");
	REFUSES_TCP(connection.unsent_size = UINT32_MAX, "more waits");
	REFUSES_TCP(connection.send_scale = 15, "window scale");
	REFUSES_TCP(connection.segment_maximum = 65536, "segment size");
	REFUSES_TCP(connection.error = ECONNRESET, "error");
	REFUSES_TCP((tcp.state = TCP_CLOSE, connection.sent_size = 0, connection.error = EIO), "error");
	REFUSES_TCP(connection.is_waiting = true, "waits to be accepted, but has been");
	REFUSES_TCP((connection.is_waiting = true, tcp.state = TCP_CLOSE_WAIT),
		    "waits to be accepted, in a state");
	REFUSES_TCP(tcp.n_waiting = 1, "more wait to be accepted");
	REFUSES_TCP(window.send = 65537, "greater than its greatest");
	REFUSES_TCP(window.receive_update = 257, "where its sequence numbers are");
	REFUSES_TCP(window.send_update = 256 + 4097, "where its sequence numbers are");
}

static int parse(const char *text, struct multicast_list *list, bool is_ipv6)
{
	cleanup_free char *copy = malloc(strlen(text) + 1);

	assert_non_null(copy);
	memcpy(copy, text, strlen(text));
	return is_ipv6 ? multicast_parse_igmp6(copy, strlen(text), list)
		       : multicast_parse_igmp(copy, strlen(text), list);
}

static void reads_groups(void **state maybe_unused)
{
	static const char igmp[] = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
				   "1\tlo        :     2      V3\n"
				   "\t\t\t\t030201EF     1 0:00000000\t\t0\n"
				   "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
				   "12\teth0      :     1      V3\n"
				   "\t\t\t\t010000E0     1 0:00000000\t\t0\n";
	static const char igmp6[] =
		"1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
		"3    eth0            ff150000000000000000000000000042    10 00000004 0\n";
	static const struct inet_address expected[] = {
		{.family = AF_INET, .interface = 1, .bytes = {239, 1, 2, 3}},
		{.family = AF_INET, .interface = 1, .bytes = {224, 0, 0, 1}},
		{.family = AF_INET, .interface = 12, .bytes = {224, 0, 0, 1}},
		{.family = AF_INET6, .interface = 1, .bytes = {0xff, 2, [15] = 1}},
		{.family = AF_INET6, .interface = 3, .bytes = {0xff, 0x15, [15] = 0x42}},
	};
	cleanup_(multicast_list_done) struct multicast_list list = {0}, ours = {0};

	assert_int_equal(parse(igmp, &list, false), 0);
	assert_int_equal(parse(igmp6, &list, true), 0);
	assert_int_equal(list.groups_count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(inet_address_is_equal(&list.groups[i], &expected[i]));
		assert_int_equal(list.groups[i].interface, expected[i].interface);
	}
	assert_int_equal(multicast_read(&ours), 0);
}

static void refuses_strange_groups(void **state maybe_unused)
{
	static const char *const igmp[] = {"heading\nlo\n", "heading\n\t\t030201EF 1\n",
					   "heading\n1\tlo\n\t\tXYZ\n", "heading\n99999999999\tlo\n"};
	static const char *const igmp6[] = {"1\n", "1 lo\n", "1 lo ff02\n",
					    "x lo ff020000000000000000000000000001\n",
					    "1 lo gg020000000000000000000000000001\n"};

	for (size_t i = 0; i < ARRAY_SIZE(igmp); i++) {
		cleanup_(multicast_list_done) struct multicast_list list = {0};

		assert_int_equal(parse(igmp[i], &list, false), -EBADMSG);
	}
	for (size_t i = 0; i < ARRAY_SIZE(igmp6); i++) {
		cleanup_(multicast_list_done) struct multicast_list list = {0};

		assert_int_equal(parse(igmp6[i], &list, true), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_valid_ones),
		cmocka_unit_test(refuses_others),
		cmocka_unit_test(checks_datagrams),
		cmocka_unit_test(knows_new_sockets),
		cmocka_unit_test(checks_tcp),
		cmocka_unit_test(checks_tcp_connections),
		cmocka_unit_test(refuses_tcp_connections),
		cmocka_unit_test(reads_groups),
		cmocka_unit_test(refuses_strange_groups),
	};

	return cmocka_run_group_tests_name("inet_socket", tests, NULL, NULL);
}
