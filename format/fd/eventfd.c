/* SPDX-License-Identifier: MIT */
/* What a valid eventfd is. */
#include "format/fd/eventfd.h"

#include <errno.h>

int eventfd_check(const Cr__Eventfd *eventfd, const char **ret_reason)
{
	if (eventfd->count > EVENTFD_COUNT_MAX) {
		*ret_reason = "its count is too great";
		return -EBADMSG;
	}
	return 0;
}
