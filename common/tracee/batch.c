/* SPDX-License-Identifier: MIT */
/* Batches of system calls for the executor. */
#include "common/tracee/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

struct batch *batch_new(size_t region_size)
{
	size_t capacity = EXECUTOR_DATA_SIZE(region_size);
	struct batch *batch = malloc(sizeof(struct batch) + capacity);

	if (!batch)
		return NULL;
	batch->data_capacity = capacity;
	batch_reset(batch, remote_address(0));
	return batch;
}

void batch_reset(struct batch *batch, struct remote_address region)
{
	batch->region = region;
	batch->call_count = 0;
	batch->data_size = 0;
	batch->has_overflown = false;
	batch->purpose = NULL;
}

bool batch_is_nearly_full(const struct batch *batch, unsigned calls, size_t size)
{
	return batch->call_count + calls > EXECUTOR_CALLS_MAX ||
	       batch->data_size + size + 16 > batch->data_capacity;
}

unsigned batch_add(struct batch *batch, long number, uint32_t flags, const uint64_t arguments[6])
{
	struct executor_call *call;

	if (batch->call_count == EXECUTOR_CALLS_MAX) {
		batch->has_overflown = true;
		return 0;
	}
	call = &batch->calls[batch->call_count];
	*call = (struct executor_call){.number = (uint64_t)number, .flags = flags, .result = -ECANCELED};
	memcpy(call->arguments, arguments, sizeof(call->arguments));
	batch->purposes[batch->call_count] = batch->purpose;
	return batch->call_count++;
}

void batch_refer(struct batch *batch, unsigned argument, unsigned index)
{
	struct executor_call *call = &batch->calls[batch->call_count - 1];

	call->arguments[argument] = index;
	call->references |= 1u << argument;
}

uint64_t batch_data(struct batch *batch, const void *data, size_t size)
{
	size_t offset = ALIGN_UP(batch->data_size, (size_t)16);

	if (offset + size > batch->data_capacity) {
		batch->has_overflown = true;
		return 0;
	}
	if (data)
		memcpy(batch->data + offset, data, size);
	else
		memset(batch->data + offset, 0, size);
	batch->data_size = offset + size;
	return batch->region.value + EXECUTOR_DATA + offset;
}

uint64_t batch_string(struct batch *batch, const char *text)
{
	return batch_data(batch, text, strlen(text) + 1);
}

int64_t batch_result(const struct batch *batch, unsigned index)
{
	return batch->calls[index].result;
}

const void *batch_data_at(const struct batch *batch, uint64_t address)
{
	return batch->data + (address - batch->region.value - EXECUTOR_DATA);
}

int batch_send(pid_t pid, const struct batch *batch)
{
	uint64_t count = batch->call_count;
	uint64_t base = batch->region.value;
	struct iovec local[] = {
		{&count, sizeof(count)},
		{(void *)batch->calls, batch->call_count * sizeof(batch->calls[0])},
		{(void *)batch->data, batch->data_size},
	};
	struct iovec remote[] = {
		{(void *)(base + EXECUTOR_CALL_COUNT), local[0].iov_len},
		{(void *)(base + EXECUTOR_CALLS), local[1].iov_len},
		{(void *)(base + EXECUTOR_DATA), local[2].iov_len},
	};
	size_t size = local[0].iov_len + local[1].iov_len + local[2].iov_len;
	ssize_t written;

	if (batch->has_overflown)
		return -E2BIG;
	written = process_vm_writev(pid, local, ARRAY_SIZE(local), remote, ARRAY_SIZE(remote), 0);
	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -EFAULT;
}

int batch_receive(pid_t pid, struct batch *batch, unsigned *ret_failed)
{
	uint64_t left = 0;
	uint64_t base = batch->region.value;
	struct iovec local[] = {
		{&left, sizeof(left)},
		{batch->calls, batch->call_count * sizeof(batch->calls[0])},
		{batch->data, batch->data_size},
	};
	struct iovec remote[] = {
		{(void *)(base + EXECUTOR_CALLS_LEFT), local[0].iov_len},
		{(void *)(base + EXECUTOR_CALLS), local[1].iov_len},
		{(void *)(base + EXECUTOR_DATA), local[2].iov_len},
	};
	ssize_t count = process_vm_readv(pid, local, ARRAY_SIZE(local), remote, ARRAY_SIZE(remote), 0);

	if (count < 0)
		return -errno;
	if ((size_t)count != local[0].iov_len + local[1].iov_len + local[2].iov_len)
		return -EFAULT;
	if (left == 0)
		return 0;
	if (left > batch->call_count)
		return -EIO;
	*ret_failed = batch->call_count - (unsigned)left;
	return -ECANCELED;
}

const char *syscall_name(long number)
{
	static const struct {
		long number;
		const char *name;
	} names[] = {
		{SYS_mmap, "mmap"},
		{SYS_munmap, "munmap"},
		{SYS_mprotect, "mprotect"},
		{SYS_mremap, "mremap"},
		{SYS_madvise, "madvise"},
		{SYS_mlock2, "mlock2"},
		{SYS_prctl, "prctl"},
		{SYS_arch_prctl, "arch_prctl"},
		{SYS_rseq, "rseq"},
		{SYS_set_robust_list, "set_robust_list"},
		{SYS_set_tid_address, "set_tid_address"},
		{SYS_clone3, "clone3"},
		{SYS_rt_sigaction, "rt_sigaction"},
		{SYS_rt_sigprocmask, "rt_sigprocmask"},
		{SYS_sigaltstack, "sigaltstack"},
		{SYS_rt_sigqueueinfo, "rt_sigqueueinfo"},
		{SYS_rt_tgsigqueueinfo, "rt_tgsigqueueinfo"},
		{SYS_setitimer, "setitimer"},
		{SYS_timer_create, "timer_create"},
		{SYS_timer_settime, "timer_settime"},
		{SYS_pidfd_open, "pidfd_open"},
		{SYS_pidfd_getfd, "pidfd_getfd"},
		{SYS_dup3, "dup3"},
		{SYS_fcntl, "fcntl"},
		{SYS_close, "close"},
		{SYS_close_range, "close_range"},
		{SYS_fchdir, "fchdir"},
		{SYS_chroot, "chroot"},
		{SYS_umask, "umask"},
		{SYS_personality, "personality"},
		{SYS_prlimit64, "prlimit64"},
		{SYS_setgroups, "setgroups"},
		{SYS_setresuid, "setresuid"},
		{SYS_setresgid, "setresgid"},
		{SYS_setfsuid, "setfsuid"},
		{SYS_setfsgid, "setfsgid"},
		{SYS_capset, "capset"},
		{SYS_seccomp, "seccomp"},
		{SYS_sched_setattr, "sched_setattr"},
		{SYS_sched_setaffinity, "sched_setaffinity"},
		{SYS_setsid, "setsid"},
		{SYS_setpgid, "setpgid"},
		{SYS_ioprio_set, "ioprio_set"},
		{SYS_io_uring_setup, "io_uring_setup"},
		{SYS_io_uring_enter, "io_uring_enter"},
		{SYS_io_uring_register, "io_uring_register"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == number)
			return names[i].name;
	return "system call";
}
