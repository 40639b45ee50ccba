/* SPDX-License-Identifier: MIT */
/* Runs batches in a live task that must not notice. */
#include "common/tracee/borrow.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/tracee/borrow_quiet.h"

/* How long the executor may take to map its region; shorter than the second it waits when it may not. */
#define BEGIN_TIMEOUT_MS 300

/* Linux 4.17; older user-space headers lack it. */
#define CR_MAP_FIXED_NOREPLACE 0x100000

#define ALL_BUT_SIGTRAP (~(UINT64_C(1) << (SIGTRAP - 1)))

/* Entries and exits of system calls within which a thread leaves the executor: a batch has 400 calls at most.
 */
#define SETTLE_ROUNDS_MAX 1000

/* An executor that somebody has left behind. */
struct abandoned {
	int mem_fd; /* borrowed */
	struct remote_address blob;
};

static int abandoned_read(const struct abandoned *abandoned, const unsigned char *from, void *buffer,
			  size_t size)
{
	return file_pread_full(abandoned->mem_fd, buffer, size,
			       (off_t)(abandoned->blob.value + EXECUTOR_OFFSET(from)));
}

/*
 * An executor in which the thread is that goes on at RIP, in whatever place that is: it lies in one page,
 * with nothing else behind it. -ENOENT: in none. -EAGAIN: in one of another version; only of the very same
 * code it is known what the thread is doing there.
 */
static int abandoned_find(struct abandoned *abandoned, uint64_t rip)
{
	const size_t code_size = EXECUTOR_OFFSET(executor_context);
	const uint64_t page = rip & ~(PAGE_SIZE_BYTES - 1);
	unsigned char bytes[PAGE_SIZE_BYTES], *found;
	int r = file_pread_full(abandoned->mem_fd, bytes, sizeof(bytes), (off_t)page);

	if (r < 0)
		return -ENOENT; /* where nothing is that can be read, we have not been */
	found = memmem(bytes, rip + 1 - page, executor_blob, EXECUTOR_OFFSET(executor_borrow));
	if (!found)
		return -ENOENT;
	abandoned->blob = remote_address(page + (uint64_t)(found - bytes));
	if (EXECUTOR_BLOB_SIZE(0) > (size_t)(bytes + sizeof(bytes) - found))
		return -EAGAIN;
	return memcmp(found, executor_blob, code_size) == 0 ? 0 : -EAGAIN;
}

static bool is_inside(const struct abandoned *abandoned, const struct registers *registers)
{
	return registers->user.rip - abandoned->blob.value < EXECUTOR_OFFSET(executor_blob_end);
}

/* Behind its last system call a thread only loads its registers: with the mask that it has by then, a handler
 * might come in between. */
static int load_context(const struct abandoned *abandoned, struct tracee *tracee, struct registers registers)
{
	struct user_regs_struct *user = &registers.user;
	struct executor_context context;
	int r = abandoned_read(abandoned, executor_context, &context, sizeof(context));

	if (r < 0)
		return r;
	user->eflags = context.rflags;
	user->rsp = context.rsp;
	user->rax = context.rax;
	user->rbx = context.rbx;
	user->rcx = context.rcx;
	user->rdx = context.rdx;
	user->rsi = context.rsi;
	user->rdi = context.rdi;
	user->rbp = context.rbp;
	user->r8 = context.r8;
	user->r9 = context.r9;
	user->r10 = context.r10;
	user->r11 = context.r11;
	user->r12 = context.r12;
	user->r13 = context.r13;
	user->r14 = context.r14;
	user->r15 = context.r15;
	registers_jump(&registers, context.rip);
	return registers_set(tracee->tid, &registers);
}

/*
 * What may be blocked while a thread leaves: all but the SIGTRAP by which it may stop, in those parts where
 * it does not stop by another signal.
 */
static uint64_t mask_inside(const struct registers *registers, uint64_t offset)
{
	bool is_for_both = offset >= EXECUTOR_OFFSET(executor_map) && offset < EXECUTOR_OFFSET(executor_cure);
	bool is_quiet = offset >= EXECUTOR_OFFSET(executor_quiet_begin) ||
			offset - EXECUTOR_OFFSET(executor_quiet_run) <
				EXECUTOR_OFFSET(executor_run) - EXECUTOR_OFFSET(executor_quiet_run) ||
			(is_for_both && registers->user.r14 == 1);

	return is_quiet ? ~UINT64_C(0) : ALL_BUT_SIGTRAP;
}

/*
 * To the next entry or exit of a system call, on the way to the last, which sets the mask: until then all
 * signals are blocked, for a handler would come back to what is here no more.
 */
static int cure_on(struct tracee *tracee)
{
	int signal = tracee->stop == TRACEE_STOP_SIGNAL ? tracee->signal : 0;
	int r = tracee_resume(tracee, TRACEE_RESUME_TO_SYSCALL, signal);

	return r < 0 ? r : tracee_wait(tracee, TRACEE_TIMEOUT_MS);
}

int borrow_settle(struct tracee *tracee, int mem_fd)
{
	const uint64_t after_mask_call = EXECUTOR_OFFSET(executor_mask_call) + 2;
	struct abandoned abandoned = {.mem_fd = mem_fd};

	for (int i = 0; i < SETTLE_ROUNDS_MAX; i++) {
		struct registers registers;
		uint64_t offset;
		int r = registers_get(tracee->tid, &registers);

		if (r < 0)
			return r == -EOPNOTSUPP ? 0 : r; /* 32-bit code */
		if (i == 0)
			r = abandoned_find(&abandoned, registers.user.rip);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		if (!is_inside(&abandoned, &registers))
			return tracee_freeze(tracee);
		offset = registers.user.rip - abandoned.blob.value;
		if (i == 0 && offset < after_mask_call)
			r = tracee_set_signal_mask(tracee, mask_inside(&registers, offset));
		if (r < 0)
			return r;
		if (offset < after_mask_call)
			r = cure_on(tracee);
		else if (tracee->stop == TRACEE_STOP_SYSCALL) /* at the entry of that last call */
			r = tracee_freeze(tracee);
		else
			return load_context(&abandoned, tracee, registers);
		if (r < 0)
			return r;
	}
	return -ETIMEDOUT;
}

static void context_from_registers(struct executor_context *ret_context, struct registers registers,
				   uint64_t mask)
{
	const struct user_regs_struct *user = &registers.user;

	registers_rewind(&registers);
	*ret_context = (struct executor_context){
		.signal_mask = mask,
		.rflags = user->eflags,
		.rsp = user->rsp,
		.rip = user->rip,
		.rax = user->rax,
		.rbx = user->rbx,
		.rcx = user->rcx,
		.rdx = user->rdx,
		.rsi = user->rsi,
		.rdi = user->rdi,
		.rbp = user->rbp,
		.r8 = user->r8,
		.r9 = user->r9,
		.r10 = user->r10,
		.r11 = user->r11,
		.r12 = user->r12,
		.r13 = user->r13,
		.r14 = user->r14,
		.r15 = user->r15,
	};
}

static struct executor_region region_at(const struct borrow_place *place, struct remote_address address)
{
	struct executor_region region = {
		.address = address.value,
		.mmap_flags = MAP_PRIVATE | MAP_ANONYMOUS,
		.limits_count = place->limits_count,
	};

	if (address.value != 0)
		region.mmap_flags |= CR_MAP_FIXED_NOREPLACE;
	memcpy(region.limits, place->limits, sizeof(region.limits));
	return region;
}

int borrow_write_blob(struct borrow *borrow, struct remote_address address,
		      const struct executor_quiet *quiet, const struct iovec *payload, size_t payload_count)
{
	const struct executor_region region = region_at(borrow->place, address);
	size_t size = payload_count > 0 ? EXECUTOR_OFFSET(executor_blob_end)
					: EXECUTOR_BLOB_SIZE(borrow->place->limits_count);
	unsigned char blob[sizeof(borrow->place->saved)];

	memcpy(blob, executor_blob, EXECUTOR_OFFSET(executor_blob_end));
	context_from_registers((struct executor_context *)(void *)(blob + EXECUTOR_OFFSET(executor_context)),
			       borrow->registers, borrow->signal_mask);
	memcpy(blob + EXECUTOR_OFFSET(executor_region), &region, sizeof(region));
	if (quiet)
		memcpy(blob + EXECUTOR_OFFSET(executor_quiet), quiet, sizeof(*quiet));
	if (size > borrow->place->size)
		return -E2BIG;
	for (size_t i = 0; i < payload_count; i++) {
		if (payload[i].iov_len > borrow->place->size - size)
			return -E2BIG;
		memcpy(blob + size, payload[i].iov_base, payload[i].iov_len);
		size += payload[i].iov_len;
	}
	borrow->place->used_size = MAX(borrow->place->used_size, size);
	return file_pwrite_full(borrow->place->mem_fd, blob, size, (off_t)borrow->place->blob.value);
}

/*
 * As far as we are permitted to, and the thread is not: it puts them back, so it must be in the executor.
 * What it would raise them to is less, and to be written before it runs.
 */
int borrow_raise_limits(struct borrow *borrow)
{
	const struct rlimit64 unlimited = {RLIM64_INFINITY, RLIM64_INFINITY};
	struct borrow_place *place = borrow->place;
	uint64_t at = place->blob.value + EXECUTOR_OFFSET(executor_region) +
		      offsetof(struct executor_region, limits);

	for (size_t i = 0; i < place->limits_count; i++)
		if (prlimit64(borrow->tracee->tgid, (int)place->limits[i].resource, &unlimited, NULL) == 0)
			place->limits[i].raised = unlimited;
	if (place->limits_count == 0)
		return 0;
	return file_pwrite_full(place->mem_fd, place->limits, place->limits_count * sizeof(place->limits[0]),
				(off_t)at);
}

/* Also of a thread that has not run, or not as far as that. */
void borrow_lower_limits(struct borrow *borrow)
{
	const struct borrow_place *place = borrow->place;

	for (size_t i = 0; i < place->limits_count; i++)
		(void)prlimit64(borrow->tracee->tgid, (int)place->limits[i].resource, &place->limits[i].own,
				NULL);
}

/* Runs the thread until the int3 of the executor. */
static int run_to_trap(struct borrow *borrow, int timeout_ms)
{
	for (;;) {
		siginfo_t info;
		int r = tracee_resume(borrow->tracee, TRACEE_RESUME_RUN, 0);

		if (r < 0)
			return r;
		r = tracee_wait(borrow->tracee, timeout_ms);
		if (r < 0)
			return r;
		if (borrow->tracee->stop != TRACEE_STOP_SIGNAL)
			continue; /* a job-control stop, noticed again when we are done */
		if (borrow->tracee->signal == SIGSTOP) {
			borrow->has_met_stop_signal = true;
			continue;
		}
		if (borrow->tracee->signal != SIGTRAP)
			return -EIO; /* all others are blocked: our own code has faulted */
		r = tracee_get_siginfo(borrow->tracee, &info);
		if (r < 0)
			return r;
		if (info.si_code == SI_KERNEL)
			return 0;
	}
}

static int jump(const struct borrow *borrow, const unsigned char *entry)
{
	struct registers registers;
	int r = registers_get(borrow->tracee->tid, &registers);

	if (r < 0)
		return r;
	registers_jump(&registers, borrow->place->blob.value + EXECUTOR_OFFSET(entry));
	return registers_set(borrow->tracee->tid, &registers);
}

/* Without a region there is nothing in the task to undo but its registers and its signal mask. */
static int put_back(struct borrow *borrow)
{
	int r = 0;

	borrow->is_active = false;
	if (borrow->tracee->stop == TRACEE_RUNNING) {
		r = tracee_interrupt(borrow->tracee);
		if (r == 0)
			r = tracee_wait_frozen(borrow->tracee, TRACEE_TIMEOUT_MS);
	}
	/* The mask first: with the registers that it has now the thread would still cure itself. */
	if (r == 0)
		r = tracee_set_signal_mask(borrow->tracee, borrow->signal_mask);
	return r < 0 ? r : registers_set(borrow->tracee->tid, &borrow->registers);
}

/* -ENOMEM when the thread may not map the region; it has its own state back then. */
static int run_to_region(struct borrow *borrow)
{
	uint64_t start = borrow->place->blob.value;

	for (;;) {
		struct registers registers;
		int r = run_to_trap(borrow, BEGIN_TIMEOUT_MS);

		if (r != -ETIMEDOUT)
			return r;
		r = tracee_interrupt(borrow->tracee);
		if (r == 0)
			r = tracee_wait_frozen(borrow->tracee, TRACEE_TIMEOUT_MS);
		if (r == 0)
			r = registers_get(borrow->tracee->tid, &registers);
		if (r < 0)
			return r;
		if (registers.user.rip == start + EXECUTOR_OFFSET(executor_no_region)) {
			r = put_back(borrow);
			return r < 0 ? r : -ENOMEM;
		}
		if (registers.user.rip < start ||
		    registers.user.rip >= start + EXECUTOR_OFFSET(executor_blob_end)) {
			borrow->is_active = false; /* it went back by itself */
			return -ENOMEM;
		}
	}
}

static int begin(struct borrow *borrow)
{
	struct tracee *tracee = borrow->tracee;
	struct registers registers;
	int r = borrow_write_blob(borrow, remote_address(0), NULL, NULL, 0);

	if (r < 0)
		return r;
	/* The registers first: with them the thread would set its mask, and put it back, by itself. */
	r = jump(borrow, executor_borrow);
	if (r < 0)
		return r;
	borrow->is_active = true;
	r = tracee_set_signal_mask(tracee, ALL_BUT_SIGTRAP);
	if (r == 0)
		r = borrow_raise_limits(borrow);
	if (r == 0)
		r = run_to_region(borrow);
	borrow_lower_limits(borrow);
	if (r < 0)
		return r;
	r = registers_get(tracee->tid, &registers);
	if (r < 0)
		return r;
	borrow->region = remote_address(registers.user.rbx);
	return 0;
}

int borrow_begin(struct borrow *borrow, struct borrow_place *place, struct tracee *tracee, int quiet_signal)
{
	int r;

	*borrow = (struct borrow){.place = place, .tracee = tracee, .quiet_signal = quiet_signal};
	r = registers_get(tracee->tid, &borrow->registers);
	if (r == 0)
		r = tracee_get_signal_mask(tracee, &borrow->signal_mask);
	if (r < 0)
		return r;
	return quiet_signal == 0 ? begin(borrow) : borrow_quiet_begin(borrow);
}

int borrow_run(struct borrow *borrow, struct batch *batch, unsigned *ret_failed)
{
	int r;

	if (borrow->quiet_signal != 0)
		return borrow_quiet_run(borrow, batch, ret_failed);
	r = batch_send(borrow->tracee->tid, batch);
	if (r < 0)
		return r;
	r = jump(borrow, executor_run);
	if (r < 0)
		return r;
	r = run_to_trap(borrow, TRACEE_TIMEOUT_MS);
	if (r < 0)
		return r;
	return batch_receive(borrow->tracee->tid, batch, ret_failed);
}

/* Runs the cure up to the entry of its last system call, which puts back the signal mask. */
static int cure_to_mask_call(struct borrow *borrow)
{
	uint64_t after_call = borrow->place->blob.value + EXECUTOR_OFFSET(executor_mask_call) + 2;
	int r = jump(borrow, executor_cure);

	if (r < 0)
		return r;
	for (;;) {
		struct registers registers;

		r = tracee_resume(borrow->tracee, TRACEE_RESUME_TO_SYSCALL, 0);
		if (r < 0)
			return r;
		r = tracee_wait(borrow->tracee, TRACEE_TIMEOUT_MS);
		if (r < 0)
			return r;
		if (borrow->tracee->stop == TRACEE_STOP_SIGNAL && borrow->tracee->signal == SIGSTOP)
			borrow->has_met_stop_signal = true;
		if (borrow->tracee->stop != TRACEE_STOP_SYSCALL)
			continue;
		r = registers_get(borrow->tracee->tid, &registers);
		if (r < 0)
			return r;
		if (registers.user.rip == after_call)
			return 0;
	}
}

/* The thread executes that last call and stops again before its next instruction. */
static int stop_after_mask_call(struct borrow *borrow)
{
	int r = tracee_interrupt(borrow->tracee);

	if (r < 0)
		return r;
	for (;;) {
		r = tracee_resume(borrow->tracee, TRACEE_RESUME_RUN, 0);
		if (r < 0)
			return r;
		r = tracee_wait(borrow->tracee, TRACEE_TIMEOUT_MS);
		if (r < 0)
			return r;
		if (borrow->tracee->stop == TRACEE_STOP_EVENT || borrow->tracee->stop == TRACEE_STOP_GROUP)
			return 0;
		if (borrow->tracee->stop == TRACEE_STOP_SIGNAL && borrow->tracee->signal == SIGSTOP)
			borrow->has_met_stop_signal = true;
	}
}

static int end(struct borrow *borrow)
{
	int r;

	if (borrow->region.value == 0)
		return put_back(borrow);
	r = cure_to_mask_call(borrow);
	if (r < 0)
		return r;
	r = stop_after_mask_call(borrow);
	return r < 0 ? r : registers_set(borrow->tracee->tid, &borrow->registers);
}

int borrow_end(struct borrow *borrow)
{
	int r;

	if (!borrow->is_active)
		return 0;
	borrow->is_active = false;
	if (borrow->tracee->stop == TRACEE_GONE)
		return -ESRCH;
	if (borrow->quiet_signal != 0)
		r = borrow_quiet_end(borrow);
	else
		r = end(borrow);
	borrow->place->is_occupied |= r < 0 && borrow->tracee->stop != TRACEE_GONE;
	if (r < 0)
		return r;
	if (borrow->has_met_quiet_signal && kill(borrow->tracee->tgid, borrow->quiet_signal) < 0)
		return -errno;
	if (borrow->has_met_stop_signal && kill(borrow->tracee->tgid, SIGSTOP) < 0)
		return -errno;
	return 0;
}
