/* SPDX-License-Identifier: MIT */
/* Which sockets without ports an archive may hold, and the lists of them in /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/proc/raw_sockets.h"
#include "format/fd/raw.h"

/* Valid: raw, of protocol 89, bound to 127.0.0.1. */
struct sample {
	Cr__InetAddress local;
	Cr__InetSocket inet;
	Cr__RawSocket raw;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.local = CR__INET_ADDRESS__INIT,
		.inet = CR__INET_SOCKET__INIT,
		.raw = CR__RAW_SOCKET__INIT,
	};
	sample->local.address = (ProtobufCBinaryData){.len = 4, .data = (uint8_t *)(uintptr_t) "\177\0\0\1"};
	sample->inet.family = AF_INET;
	sample->inet.type = SOCK_RAW;
	sample->inet.protocol = 89;
	sample->inet.local = &sample->local;
	sample->raw.socket = &sample->inet;
}

static void takes(const struct sample *sample)
{
	const char *reason = NULL;

	assert_int_equal(raw_check(&sample->raw, &reason), 0);
	assert_null(reason);
}

static void refuses(const struct sample *sample, const char *why)
{
	const char *reason = NULL;

	assert_int_equal(raw_check(&sample->raw, &reason), -EBADMSG);
	assert_non_null(reason);
	if (!strstr(reason, why))
		fail_msg("refused because %s", reason);
}

static void checks_sockets(void **state maybe_unused)
{
	struct sample sample;

#define TAKES(change)                                                                                        \
	sample_init(&sample);                                                                                \
	change;                                                                                              \
	takes(&sample)
#define REFUSES(change, why)                                                                                 \
	sample_init(&sample);                                                                                \
	change;                                                                                              \
	refuses(&sample, why)

	TAKES();
	TAKES(sample.inet.protocol = IPPROTO_RAW);
	TAKES(sample.inet.local = NULL);
	TAKES((sample.inet.type = SOCK_DGRAM, sample.inet.protocol = IPPROTO_ICMP, sample.local.port = 77));
	TAKES((sample.inet.family = AF_INET6, sample.inet.local = NULL, sample.inet.type = SOCK_DGRAM,
	       sample.inet.protocol = IPPROTO_ICMPV6));
	REFUSES(sample.raw.socket = NULL, "no socket");
	REFUSES(sample.inet.type = SOCK_STREAM, "no raw");
	REFUSES(sample.inet.type = SOCK_DGRAM, "no raw");
	REFUSES((sample.inet.type = SOCK_DGRAM, sample.inet.protocol = IPPROTO_ICMPV6), "no raw");
	REFUSES(sample.inet.protocol = 0, "protocol");
	REFUSES(sample.inet.protocol = 256, "protocol");
	REFUSES(sample.local.port = 1, "port");
	REFUSES(sample.inet.family = AF_UNIX, "family");
	REFUSES(sample.inet.family = AF_INET6, "wrong size");
#undef TAKES
#undef REFUSES
}

static int parse(const char *text, int family, struct raw_socket_list *list)
{
	cleanup_free char *copy = malloc(strlen(text) + 1);

	assert_non_null(copy);
	memcpy(copy, text, strlen(text));
	return raw_socket_list_parse(copy, strlen(text), family, list);
}

static void reads_lists(void **state maybe_unused)
{
	static const char raw[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
		"  35: 0100007F:0002 0300007F:1267 01 00000000:00000000 00:00000000 00000000     0        0 "
		"579501 3 00000000fcf2ecaf 0\n";
	static const char raw6[] =
		"  sl  local_address                         remote_address                        st\n"
		"  253: 00000000000000000000000001000000:00FD 00000000000000000000000000000000:0000 07 "
		"00000000:00000000 00:00000000 00000000     0        0 42 2 000000001a05dcdd 0\n";
	cleanup_(raw_socket_list_done) struct raw_socket_list list = {0}, ours = {0};
	const struct raw_socket *found;

	assert_int_equal(parse(raw, AF_INET, &list), 0);
	assert_int_equal(parse(raw6, AF_INET6, &list), 0);
	assert_int_equal(list.sockets_count, 2);
	found = raw_socket_list_find(&list, 579501);
	assert_non_null(found);
	assert_memory_equal(found->local.bytes, "\177\0\0\1", 4);
	assert_memory_equal(found->peer.bytes, "\177\0\0\3", 4);
	assert_int_equal(found->peer.port, 4711);
	assert_int_equal(found->state, 1);
	found = raw_socket_list_find(&list, 42);
	assert_non_null(found);
	assert_int_equal(found->local.bytes[15], 1);
	assert_int_equal(found->local.port, 253);
	assert_null(raw_socket_list_find(&list, 43));
	assert_int_equal(raw_socket_list_read(&ours), 0);
}

static void refuses_strange_lists(void **state maybe_unused)
{
	static const char *const texts[] = {
		"heading\n1:\n",
		"heading\n1: 0100007F:0002\n",
		"heading\n1: 0100007F 0100007F:0002 01\n",
		"heading\n1: 0100007F:10002 0100007F:0002 01 0:0 0:0 0 0 0 1\n",
		"heading\n1: 0100007G:0002 0100007F:0002 01 0:0 0:0 0 0 0 1\n",
		"heading\n1: 0100007F:0002 0100007F:0002 01 0:0 0:0 0 0 0\n",
		"heading\n1: 0100007F:0002 0100007F:0002 01 0:0 0:0 0 0 0 x\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_(raw_socket_list_done) struct raw_socket_list list = {0};

		assert_int_equal(parse(texts[i], AF_INET, &list), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_sockets),
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(refuses_strange_lists),
	};

	return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
