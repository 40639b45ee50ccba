/* SPDX-License-Identifier: MIT */
/* Which descriptors of TUN and TAP devices an archive may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/stat.h>

#include "common/netlink/tun_link.h"
#include "format/fd/tun.h"

/* Valid: a TAP device that is to be made. */
struct sample {
	Cr__NamedFile file;
	Cr__TunDevice device;
	Cr__TunFile tun;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){
		.file = CR__NAMED_FILE__INIT,
		.device = CR__TUN_DEVICE__INIT,
		.tun = CR__TUN_FILE__INIT,
	};
	sample->file.path = (char *)"/dev/net/tun";
	sample->file.mode = S_IFCHR | 0600;
	sample->device.index = 7;
	sample->device.mtu = 1500;
	sample->device.queue_length = 1000;
	sample->device.flags = IFF_UP;
	sample->device.link_type = 1;
	sample->device.send_buffer = INT32_MAX;
	sample->device.hardware_address =
		(ProtobufCBinaryData){.len = 6, .data = (uint8_t *)(uintptr_t) "\2\3\4\5\6\7"};
	sample->tun.file = &sample->file;
	sample->tun.name = (char *)"tap0";
	sample->tun.flags = IFF_TAP;
	sample->tun.device = &sample->device;
}

static void checks_files(void **state maybe_unused)
{
	struct sample sample;

#define TAKES(change)                                                                                        \
	do {                                                                                                 \
		const char *reason = NULL;                                                                   \
		sample_init(&sample);                                                                        \
		change;                                                                                      \
		if (tun_check(&sample.tun, &reason) < 0)                                                     \
			fail_msg("refused because %s", reason);                                              \
	} while (0)
#define REFUSES(change, why)                                                                                 \
	do {                                                                                                 \
		const char *reason = "";                                                                     \
		sample_init(&sample);                                                                        \
		change;                                                                                      \
		assert_int_equal(tun_check(&sample.tun, &reason), -EBADMSG);                                 \
		if (!strstr(reason, why))                                                                    \
			fail_msg("refused because %s", reason);                                              \
	} while (0)

	TAKES();
	TAKES((sample.tun.flags = IFF_TUN, sample.device.hardware_address.len = 0));
	TAKES((sample.tun.flags = IFF_TAP | IFF_PERSIST, sample.tun.device = NULL));
	TAKES((sample.tun.name = (char *)"", sample.tun.flags = 0, sample.tun.device = NULL));
	REFUSES(sample.tun.file = NULL, "no device node");
	REFUSES(sample.file.path = (char *)"dev", "");
	REFUSES(sample.tun.name = (char *)"", "without a name");
	REFUSES(sample.tun.name = (char *)"0123456789abcdef", "invalid name");
	REFUSES(sample.tun.name = (char *)"a/b", "invalid name");
	REFUSES(sample.tun.name = (char *)"tap%d", "invalid name");
	REFUSES(sample.tun.flags = IFF_TUN | IFF_TAP, "neither");
	REFUSES(sample.tun.flags = 0, "neither");
	REFUSES(sample.tun.flags = 0x10000 | IFF_TAP, "neither");
	REFUSES(sample.tun.flags = IFF_TAP | IFF_PERSIST, "stays");
	REFUSES(sample.tun.device = NULL, "stays");
	REFUSES(sample.device.index = UINT32_MAX, "number");
	REFUSES(sample.device.flags = IFF_LOOPBACK, "number");
	REFUSES(sample.device.mtu = 0, "size");
	REFUSES(sample.device.mtu = 65536, "size");
	REFUSES(sample.device.hardware_address.len = 5, "address");
	REFUSES(sample.tun.flags = IFF_TUN, "address");
	REFUSES(sample.device.send_buffer = 0, "buffer");
#undef TAKES
#undef REFUSES
}

static void knows_no_others(void **state maybe_unused)
{
	struct tun_link link;

	assert_int_equal(tun_link_read("lo", &link), -ENODEV);
	assert_int_equal(tun_link_read("no-such-device", &link), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_files),
		cmocka_unit_test(knows_no_others),
	};

	return cmocka_run_group_tests_name("tun", tests, NULL, NULL);
}
