/* SPDX-License-Identifier: MIT */
/* What locks and leases of other processes stand against a restore. */
#pragma once

#include "restorer/restore.h"

/*
 * Adds to restore->blockers each lock of another process that one to be taken conflicts with, leases of
 * others that opening a file would break, and those who have files open of which leases are to be taken.
 */
int must_check lock_conflicts_check(struct restore *restore);
