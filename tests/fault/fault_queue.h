/* SPDX-License-Identifier: MIT */
/* Sockets with messages in their queues, which a dump looks at. */
#pragma once

/* Makes them. NULL, or what has failed. */
const char *fault_queue_begin(void);

/*
 * Whether queues and options are as they were made. What a dump has set for a look may still be there a
 * moment after it was killed: that is waited for. NULL, or what is wrong.
 */
const char *fault_queue_check(void);
