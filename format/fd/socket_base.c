/* SPDX-License-Identifier: MIT */
/* What is valid of sockets of any family. */
#include "format/fd/socket_base.h"

#include <errno.h>

int socket_base_check(const Cr__SocketBase *base, const struct socket_option_table *table,
		      const char **ret_reason)
{
	int r;

	if (!base) {
		*ret_reason = "it has no socket";
		return -EBADMSG;
	}
	r = socket_options_check(&socket_options_shared, base->shared_options, ret_reason);
	return r < 0 ? r : socket_options_check(table, base->family_options, ret_reason);
}
