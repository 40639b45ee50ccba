/* SPDX-License-Identifier: MIT */
/*
 * Threads in vfork(2), or clone(2) with CLONE_VFORK: nothing but SIGKILL ends their wait until the child has
 * exited or called execve(2), so they cannot be stopped before. A child is not frozen before its parent, and
 * mostly done in no time; but it may need something of others that are frozen already.
 */
#pragma once

#include "dumper/dump.h"

/* How long a thread may be in vfork(2) before what is frozen is let go on; twice as long each time. */
#define VFORK_PATIENCE_MS 200

/* Whether the thread of PROC_FD waits in vfork(2), as far as can be seen. */
bool vfork_is_awaited(int proc_fd);

/*
 * When freeze_process() has said -EAGAIN: lets all that has stopped go on, and waits until dump->vfork_tid is
 * out of vfork(2). Then all is to be looked for anew, from the root; threads that come out of vfork(2) in the
 * meantime stop there, are ours still, and are met again, or else they would be in the next one by then.
 * -ECANCELED: it does not come out by dump->freeze_end_ns, or its child does nothing, and it is refused.
 */
int must_check vfork_wait_out(struct dump *dump);
