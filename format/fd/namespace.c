/* SPDX-License-Identifier: MIT */
/* What a valid file of a namespace is. */
#include "format/fd/namespace.h"

#include <errno.h>
#include <string.h>

int namespace_check(const Cr__Namespace *entry, enum ns_link *ret_link, const char **ret_reason)
{
	for (unsigned i = 0; i < NS_LINK_COUNT; i++) {
		enum ns_link link = (enum ns_link)i;

		if (link == NS_LINK_PID_FOR_CHILDREN || link == NS_LINK_TIME_FOR_CHILDREN ||
		    strcmp(entry->type, ns_link_name(link)) != 0)
			continue;
		*ret_link = link;
		return 0;
	}
	*ret_reason = "its type is not known";
	return -EBADMSG;
}
