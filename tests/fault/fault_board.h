/* SPDX-License-Identifier: MIT */
/*
 * What fault_target tells its watcher: a file that both map shared. Every thread has a slot and counts in it;
 * the first that finds something wrong says so in error.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define FAULT_SLOTS_MAX 24

struct fault_slot {
	char name[32];
	int32_t tid;
	uint32_t keeps_mask; /* its signal mask is always the same */
	_Atomic uint64_t beats;
};

struct fault_board {
	_Atomic uint32_t is_ready; /* every thread has begun */
	uint32_t slot_count;
	_Atomic uint32_t is_patient; /* set by the watcher: waits may take as long as they like */
	/* How often sigtimedwait() ended with EINTR, as signal(7) allows after a stop. */
	_Atomic uint32_t stop_interruptions;
	_Atomic uint32_t error_count;
	_Atomic uint32_t worst_lateness_ms; /* of a wait with a time limit */
	char error[256];
	struct fault_slot slots[FAULT_SLOTS_MAX];
};
