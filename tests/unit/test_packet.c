/* SPDX-License-Identifier: MIT */
/* Which packet sockets an archive may hold, and what the kernel tells of those there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/kernel_socket.h"
#include "common/netlink/packet_diag.h"
#include "format/fd/packet.h"

/* Valid: on eth0, with a membership and a used ring for each way. */
struct sample {
	Cr__SocketOption option, *options[1];
	Cr__SocketOptions family;
	Cr__SocketBase base;
	Cr__PacketMembership membership, *memberships[1];
	Cr__PacketRing receive, send;
	Cr__PacketSocket packet;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.option = CR__SOCKET_OPTION__INIT,
		.family = CR__SOCKET_OPTIONS__INIT,
		.base = CR__SOCKET_BASE__INIT,
		.membership = CR__PACKET_MEMBERSHIP__INIT,
		.receive = CR__PACKET_RING__INIT,
		.packet = CR__PACKET_SOCKET__INIT,
	};
	sample->options[0] = &sample->option;
	sample->option.level = SOL_PACKET;
	sample->option.number = PACKET_VERSION;
	sample->option.value = (ProtobufCBinaryData){.len = 4, .data = (uint8_t *)(uintptr_t) "\1\0\0\0"};
	sample->family.options = sample->options;
	sample->family.n_options = 1;
	sample->base.type = SOCK_RAW;
	sample->base.family_options = &sample->family;
	sample->membership.interface = (char *)"eth0";
	sample->membership.count = 1;
	sample->memberships[0] = &sample->membership;
	sample->receive.block_size = 8192;
	sample->receive.block_count = 2;
	sample->receive.frame_size = 1024;
	sample->receive.frame_count = 16;
	sample->send = sample->receive;
	sample->receive.head = 15;
	sample->packet.socket = &sample->base;
	sample->packet.protocol = 3;
	sample->packet.interface = (char *)"eth0";
	sample->packet.memberships = sample->memberships;
	sample->packet.n_memberships = 1;
	sample->packet.receive_ring = &sample->receive;
	sample->packet.send_ring = &sample->send;
	sample->packet.contents_size = 32768;
}

static void takes(const struct sample *sample)
{
	const char *reason = NULL;
	int r = packet_check(&sample->packet, &reason);

	if (r < 0)
		fail_msg("refused because %s", reason);
}

static void refuses(const struct sample *sample, const char *why)
{
	const char *reason = "";

	assert_int_equal(packet_check(&sample->packet, &reason), -EBADMSG);
	if (!strstr(reason, why))
		fail_msg("refused because %s", reason);
}

#define TAKES(change)                                                                                        \
	sample_init(&sample);                                                                                \
	change;                                                                                              \
	takes(&sample)
#define REFUSES(change, why)                                                                                 \
	sample_init(&sample);                                                                                \
	change;                                                                                              \
	refuses(&sample, why)

static void checks_sockets(void **state maybe_unused)
{
	struct sample sample;

	TAKES();
	TAKES(sample.base.type = SOCK_DGRAM);
	TAKES((sample.packet.receive_ring = sample.packet.send_ring = NULL, sample.packet.contents_size = 0,
	       sample.base.type = SOCK_PACKET, sample.packet.interface = (char *)""));
	REFUSES(sample.packet.socket = NULL, "no socket");
	REFUSES(sample.base.type = SOCK_STREAM, "no packet");
	REFUSES(sample.base.protocol = 1, "protocol");
	REFUSES(sample.packet.protocol = 65536, "protocol");
	REFUSES(sample.packet.interface = (char *)"0123456789abcdef", "interface");
	REFUSES(sample.packet.interface = (char *)"../x", "interface");
	REFUSES(sample.membership.type = 4, "unknown type");
	REFUSES(sample.membership.interface = (char *)"", "interface");
	REFUSES(sample.membership.count = 0, "ask for");
	REFUSES(sample.membership.count = PACKET_MEMBERSHIPS_MAX + 1, "ask for");
	REFUSES(sample.membership.address.len = PACKET_ADDRESS_SIZE_MAX + 1, "address");
	REFUSES(sample.option.number = 999, "unknown socket option");
}

static void checks_rings(void **state maybe_unused)
{
	struct sample sample;

	TAKES((sample.receive.head = 0, sample.packet.contents_size = 0));
	TAKES((sample.receive.head = 0, sample.packet.protocol = 0));
	REFUSES(sample.receive.block_size = 0, "blocks");
	REFUSES(sample.receive.block_size = 4097, "blocks");
	REFUSES(sample.receive.block_count = 0, "blocks");
	REFUSES((sample.receive.block_size = 1U << 31, sample.receive.block_count = 8), "blocks");
	REFUSES(sample.receive.frame_size = 0, "frames");
	REFUSES(sample.receive.frame_size = 1025, "frames");
	REFUSES(sample.receive.frame_size = 16384, "frames");
	REFUSES(sample.send.frame_count = 17, "frames");
	REFUSES(sample.receive.head = 16, "head");
	REFUSES(sample.receive.private_size = 8193, "head");
	REFUSES(sample.packet.protocol = 0, "received");
	REFUSES(sample.packet.contents_size = 0, "without contents");
	REFUSES(sample.packet.contents_size = 4096, "not those of its rings");
	REFUSES(sample.base.type = SOCK_PACKET, "no such socket");
}

/* Without privileges there is none to be had. */
static void knows_sockets(void **state maybe_unused)
{
	const struct tpacket_req ring = {4096, 1, 1024, 4};
	const struct packet_mreq member = {.mr_ifindex = 1, .mr_type = PACKET_MR_ALLMULTI};
	cleanup_(packet_diag_done) struct packet_diag diag = {0};
	cleanup_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b6));
	cleanup_(kernel_sockets_freep) struct kernel_sockets *kernel = NULL;
	const struct packet_diag_socket *found;
	uint64_t head = 77;
	struct stat st;
	int r;

	if (fd < 0)
		skip();
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member, sizeof(member)), 0);
	assert_int_equal(fstat(fd, &st), 0);
	r = packet_diag_read(&diag);
	if (r == -ENOENT)
		skip();
	assert_int_equal(r, 0);
	found = packet_diag_find(&diag, st.st_ino);
	assert_non_null(found);
	assert_int_equal(found->protocol, 0x88b6);
	assert_int_equal(found->interface, 0);
	assert_true(found->is_running);
	assert_false(found->has_fanout);
	assert_int_equal(found->receive_ring.frame_count, 4);
	assert_int_equal(found->send_ring.block_size, 0);
	assert_int_equal(found->memberships_count, 1);
	assert_int_equal(found->memberships[0].type, PACKET_MR_ALLMULTI);
	if (kernel_sockets_open(&kernel) < 0)
		return;
	assert_int_equal(kernel_sockets_read(kernel, fd, "packet_sock.rx_ring.head", &head), 0);
	assert_int_equal(head, 0);
	assert_int_equal(kernel_sockets_read(kernel, fd, "packet_sock.no_such", &head), -ENOENT);
	assert_true(kernel_sockets_read(kernel, -1, "packet_sock.rx_ring.head", &head) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_sockets),
		cmocka_unit_test(checks_rings),
		cmocka_unit_test(knows_sockets),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
