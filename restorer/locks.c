/* SPDX-License-Identifier: MIT */
/* Lists and removes what holds packets back. */
#include "restorer/locks.h"

#include <errno.h>
#include <stdio.h>

#include "common/exit_status.h"
#include "common/log.h"
#include "common/netlink/packet_lock.h"
#include "common/printable.h"

static int print(void *context, const char *name, const char *comment)
{
	char text[1024];

	(void)context;
	printf("%s  %s\n", name, printable(comment, text, sizeof(text)));
	return 0;
}

int locks_list(void)
{
	int r = packet_lock_list(print, NULL);

	if (r == 0)
		return EXIT_STATUS_DONE;
	log_error_errno(r, "cannot ask nftables");
	return EXIT_STATUS_FAILED;
}

int locks_remove(const char *name)
{
	int r = packet_lock_remove(NULL, name);

	if (r == 0)
		return EXIT_STATUS_DONE;
	if (r == -ENOENT)
		log_error("there is no lock '%s' in this network namespace", name);
	else
		log_error_errno(r, "cannot remove the table '%s' of nftables", name);
	return EXIT_STATUS_FAILED;
}
