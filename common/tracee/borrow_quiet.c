/* SPDX-License-Identifier: MIT */
/* Runs batches in a live task that stops by a signal which its process ignores. */
#include "common/tracee/borrow_quiet.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static uint64_t all_but(int signal)
{
	return ~(UINT64_C(1) << (signal - 1));
}

/* By the thread itself: then one that was about to be delivered would become pending. */
static bool is_blocked(const struct borrow *borrow)
{
	return (borrow->signal_mask & ~all_but(borrow->quiet_signal)) != 0;
}

/*
 * Runs the thread until it stops at WANTED or at executor_quiet_end, *ret_at. It meets the same signal
 * elsewhere too, when somebody sends it: also where it stands already, before it has run at all.
 */
static int run_to_stop(struct borrow *borrow, const unsigned char *wanted, const unsigned char **ret_at,
		       uint64_t *ret_rbx)
{
	struct tracee *tracee = borrow->tracee;

	*ret_at = NULL;
	for (;;) {
		struct registers registers;
		uint64_t offset;
		int r = tracee_resume(tracee, TRACEE_RESUME_RUN, 0);

		if (r == 0)
			r = tracee_wait(tracee, TRACEE_TIMEOUT_MS);
		if (r < 0)
			return r;
		if (tracee->stop != TRACEE_STOP_SIGNAL)
			continue; /* a job-control stop, noticed again when we are done */
		if (tracee->signal == SIGSTOP) {
			borrow->has_met_stop_signal = true;
			continue;
		}
		if (tracee->signal != borrow->quiet_signal)
			return -EIO; /* all others are blocked: our own code has faulted */
		r = registers_get(tracee->tid, &registers);
		if (r < 0)
			return r;
		offset = registers.user.rip - borrow->place->blob.value;
		*ret_rbx = registers.user.rbx;
		if (offset == EXECUTOR_OFFSET(wanted))
			*ret_at = wanted;
		else if (offset == EXECUTOR_OFFSET(executor_quiet_end))
			*ret_at = executor_quiet_end;
		else
			borrow->has_met_quiet_signal |=
				is_blocked(borrow); /* somebody else's: else ignored */
		if (*ret_at)
			return 0;
	}
}

/* The thread must be at executor_quiet_end, or not have begun to run. */
static int put_back(struct borrow *borrow)
{
	int r = 0;

	borrow->is_active = false;
	if (is_blocked(borrow) && borrow->tracee->stop == TRACEE_STOP_SIGNAL) {
		r = tracee_interrupt(borrow->tracee);
		if (r == 0)
			r = tracee_resume(borrow->tracee, TRACEE_RESUME_RUN, 0);
		if (r == 0)
			r = tracee_wait_frozen(borrow->tracee, TRACEE_TIMEOUT_MS);
	}
	/* The mask first: with the registers that it has now the thread would still put back its own. */
	if (r == 0)
		r = tracee_set_signal_mask(borrow->tracee, borrow->signal_mask);
	if (r == 0)
		r = registers_set(borrow->tracee->tid, &borrow->registers);
	if (r == 0)
		tracee_drop_signal(borrow->tracee);
	return r;
}

static int jump(const struct borrow *borrow, const unsigned char *entry, uint64_t rbx)
{
	struct registers registers = borrow->registers;

	registers.user.rbx = rbx;
	registers_jump(&registers, borrow->place->blob.value + EXECUTOR_OFFSET(entry));
	return registers_set(borrow->tracee->tid, &registers);
}

/* Runs it to its first stop; -ENOMEM when it may not map the region; it has its own state back then. */
static int start(struct borrow *borrow, struct remote_address address, const struct executor_quiet *quiet,
		 const struct iovec *payload, size_t payload_count)
{
	const unsigned char *at;
	uint64_t rbx;
	int r = borrow_write_blob(borrow, address, quiet, payload, payload_count);

	if (r < 0)
		return r;
	/* The registers first: with them the thread would set its mask, and put it back, by itself. */
	r = jump(borrow, executor_quiet_begin, 0);
	if (r < 0)
		return r;
	borrow->is_active = true;
	r = tracee_set_signal_mask(borrow->tracee, quiet->mask);
	if (r == 0)
		r = borrow_raise_limits(borrow);
	if (r == 0)
		r = run_to_stop(borrow, executor_quiet_ready, &at, &rbx);
	borrow_lower_limits(borrow);
	if (r < 0)
		return r;
	if (at != executor_quiet_ready) {
		r = put_back(borrow);
		return r < 0 ? r : -ENOMEM;
	}
	borrow->region = borrow->place->region = remote_address(rbx);
	return 0;
}

static struct executor_quiet quiet_for(const struct borrow *borrow)
{
	return (struct executor_quiet){
		.mask = all_but(borrow->quiet_signal),
		.signal = (uint32_t)borrow->quiet_signal,
	};
}

int borrow_quiet_begin(struct borrow *borrow)
{
	const struct executor_quiet quiet = quiet_for(borrow);

	if (borrow->place->region.value != 0) {
		borrow->region = borrow->place->region;
		return 0;
	}
	return start(borrow, remote_address(0), &quiet, NULL, 0);
}

/* Maps the region where it was, and runs BATCH in it, in one go. -E2BIG: it does not fit in. */
static int start_with(struct borrow *borrow, const struct batch *batch)
{
	unsigned char head[EXECUTOR_CALLS] = {0};
	struct executor_quiet quiet = quiet_for(borrow);
	struct iovec payload[] = {
		{head, sizeof(head)},
		{(void *)batch->calls, batch->call_count * sizeof(batch->calls[0])},
		{(void *)batch->data, batch->data_size},
	};
	uint64_t count = batch->call_count;

	if (batch->has_overflown)
		return -E2BIG;
	memcpy(head + EXECUTOR_CALL_COUNT, &count, sizeof(count));
	quiet.calls_size = (uint32_t)(payload[0].iov_len + payload[1].iov_len);
	quiet.data_size = (uint32_t)payload[2].iov_len;
	return start(borrow, borrow->region, &quiet, payload, ARRAY_SIZE(payload));
}

/* Maps the region where it was, without anything in it. */
static int start_empty(struct borrow *borrow)
{
	const struct executor_quiet quiet = quiet_for(borrow);

	return start(borrow, borrow->region, &quiet, NULL, 0);
}

int borrow_quiet_run(struct borrow *borrow, struct batch *batch, unsigned *ret_failed)
{
	const unsigned char *at;
	uint64_t rbx;
	int r;

	if (!borrow->is_active) {
		r = start_with(borrow, batch);
		if (r == 0)
			return batch_receive(borrow->tracee->tid, batch, ret_failed);
		if (r == -E2BIG)
			r = start_empty(borrow);
		if (r < 0)
			return r;
	}
	r = batch_send(borrow->tracee->tid, batch);
	if (r == 0)
		r = jump(borrow, executor_quiet_run, borrow->region.value);
	if (r == 0)
		r = run_to_stop(borrow, executor_quiet_ready, &at, &rbx);
	if (r < 0)
		return r;
	return at == executor_quiet_ready ? batch_receive(borrow->tracee->tid, batch, ret_failed) : -EIO;
}

int borrow_quiet_end(struct borrow *borrow)
{
	const unsigned char *at = NULL;
	uint64_t rbx;
	int r = 0;

	/* After a failure it may be anywhere in the executor, or wait for something. */
	if (borrow->tracee->stop == TRACEE_RUNNING) {
		r = tracee_interrupt(borrow->tracee);
		if (r == 0)
			r = tracee_wait_frozen(borrow->tracee, TRACEE_TIMEOUT_MS);
	}
	if (r == 0 && borrow->region.value != 0) {
		r = jump(borrow, executor_quiet_cure, borrow->region.value);
		if (r == 0)
			r = run_to_stop(borrow, executor_quiet_end, &at, &rbx);
	}
	return r < 0 ? r : put_back(borrow);
}
