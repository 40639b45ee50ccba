/* SPDX-License-Identifier: MIT */
/* Which vsock sockets an archive may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>

#include "format/fd/vsock.h"

/* Valid: listening at port 5. */
struct sample {
	Cr__SocketBase base;
	Cr__VsockSocket vsock;
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){.base = CR__SOCKET_BASE__INIT, .vsock = CR__VSOCK_SOCKET__INIT};
	sample->base.type = SOCK_STREAM;
	sample->vsock.socket = &sample->base;
	sample->vsock.is_bound = true;
	sample->vsock.address = UINT32_MAX;
	sample->vsock.port = 5;
	sample->vsock.is_listening = true;
}

static void takes(const struct sample *sample)
{
	const char *reason = NULL;

	if (vsock_check(&sample->vsock, &reason) < 0)
		fail_msg("refused because %s", reason);
}

static void refuses(const struct sample *sample, const char *why)
{
	const char *reason = "";

	assert_int_equal(vsock_check(&sample->vsock, &reason), -EBADMSG);
	if (!strstr(reason, why))
		fail_msg("refused because %s", reason);
}

static void checks_sockets(void **state maybe_unused)
{
	struct sample sample;

	sample_init(&sample);
	takes(&sample);
	sample.vsock.is_listening = false;
	sample.base.type = SOCK_SEQPACKET;
	takes(&sample);
	sample.vsock.is_bound = false;
	sample.vsock.address = sample.vsock.port = 0;
	takes(&sample);
	sample.vsock.is_listening = true;
	refuses(&sample, "not bound");
	sample_init(&sample);
	sample.vsock.is_bound = sample.vsock.is_listening = false;
	refuses(&sample, "not bound");
	sample_init(&sample);
	sample.vsock.port = UINT32_MAX;
	refuses(&sample, "any port");
	sample_init(&sample);
	sample.base.type = SOCK_DGRAM;
	refuses(&sample, "no vsock");
	sample_init(&sample);
	sample.base.protocol = 6;
	refuses(&sample, "protocol");
	sample.vsock.socket = NULL;
	refuses(&sample, "no socket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_sockets),
	};

	return cmocka_run_group_tests_name("vsock", tests, NULL, NULL);
}
