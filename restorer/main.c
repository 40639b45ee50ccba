/* SPDX-License-Identifier: MIT */
/* cr-restore: brings a program that cr-dump has saved back to where it was. */
#include <errno.h>

#include "common/exit_status.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/standard_fds.h"
#include "restorer/options.h"
#include "restorer/restore.h"

int main(int argc, char **argv)
{
	static struct restore_options options;
	int r;

	log_init("cr-restore", LOG_LEVEL_NOTICE);
	if (standard_fds_init() < 0)
		return EXIT_STATUS_FAILED;
	r = restore_options_parse(&options, argc, argv);
	if (r > 0)
		return EXIT_STATUS_DONE;
	if (r < 0)
		return r == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	log_init("cr-restore", options.log_level);
	r = interrupt_init();
	if (r < 0) {
		log_error_errno(r, "cannot set up signals");
		return EXIT_STATUS_FAILED;
	}
	return restore_run(&options);
}
