/* SPDX-License-Identifier: MIT */
/* Tries ports. */
#include "common/tcp_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>

#include "common/cleanup.h"

/* Nobody connects there, and it needs no other interface than lo. */
#define NOWHERE_ADDRESS 0x7f7f7f7f
#define NOWHERE_PORT 1

int tcp_port_try(uint32_t port, bool *ret_can_be_chosen)
{
	const struct sockaddr_in nowhere = {.sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(NOWHERE_ADDRESS),
					    .sin_port = htons(NOWHERE_PORT)};
	cleanup_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	const uint32_t range = TCP_PORT_RANGE_OF(port);
	struct sockaddr_in own = {0};
	socklen_t size = sizeof(own);
	const int on = 1;

	if (fd < 0)
		return -errno;
	*ret_can_be_chosen = setsockopt(fd, IPPROTO_IP, CR_IP_LOCAL_PORT_RANGE, &range, sizeof(range)) == 0 &&
			     setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) == 0 &&
			     connect(fd, (const struct sockaddr *)&nowhere, sizeof(nowhere)) == 0 &&
			     getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
			     ntohs(own.sin_port) == port;
	return 0;
}
