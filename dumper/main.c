/* SPDX-License-Identifier: MIT */
/* cr-dump: checkpoints a running program into an archive. */
#include "common/exit_status.h"
#include "common/fd_table.h"
#include "common/interrupt.h"
#include "common/log.h"
#include "common/standard_fds.h"
#include "dumper/dump.h"

int main(int argc, char **argv)
{
	static struct dump_options options;
	int r;

	log_init("cr-dump", LOG_LEVEL_NOTICE);
	if (standard_fds_init() < 0)
		return EXIT_STATUS_FAILED;
	r = dump_options_parse(&options, argc, argv);
	if (r == 1)
		return EXIT_STATUS_DONE;
	if (r < 0)
		return r == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	log_init("cr-dump", options.log_level);
	fd_table_grow();
	r = interrupt_init();
	if (r < 0) {
		log_error_errno(r, "cannot set up signals");
		return EXIT_STATUS_FAILED;
	}
	return dump_run(&options, argc, argv);
}
