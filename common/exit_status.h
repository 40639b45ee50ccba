/* SPDX-License-Identifier: MIT */
/* The exit statuses of cr-dump and cr-restore, as both man pages state them. */
#pragma once

enum exit_status {
	EXIT_STATUS_DONE = 0,
	EXIT_STATUS_FAILED = 1, /* an error on the way; everything was put back */
	EXIT_STATUS_USAGE = 2,  /* the command line is wrong; nothing was looked at */
	EXIT_STATUS_REFUSED =
		3, /* a state that is not supported, or an option is needed; nothing was touched */
	EXIT_STATUS_BAD_ARCHIVE = 4, /* not an archive, cut off, damaged, or of an unknown version */
};
