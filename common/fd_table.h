/* SPDX-License-Identifier: MIT */
/* Room for descriptors. */
#pragma once

/*
 * Makes room for some thousands in this process, as far as its limit goes. The kernel makes the table larger
 * as it fills; when several threads share it, each time that waits for a grace period of RCU, which takes
 * milliseconds. So this comes before the first thread. That it fails does no harm.
 */
void fd_table_grow(void);
