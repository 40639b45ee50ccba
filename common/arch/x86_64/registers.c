/* SPDX-License-Identifier: MIT */
/* Registers of stopped x86-64 threads. */
#include "common/arch/x86_64/registers.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Kernel-internal results (include/linux/errno.h) that a tracer sees and user space never does. */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

#define USER_CS_64 0x33
#define SYSCALL_INSTRUCTION_SIZE 2

/* Offsets in the XSAVE area (Intel SDM volume 1, 13.4). */
#define XSAVE_LEGACY_SIZE 512
#define XSAVE_HEADER_XSTATE_BV 512
#define XSAVE_HEADER_END 576
#define XSAVE_LEGACY_FEATURES 3 /* x87 and SSE */
/* Where ptrace(2) tells XCR0, in bytes that the processor leaves to software (USER_XSTATE_XCR0_WORD of the
 * kernel). */
#define XSAVE_SOFTWARE_XCR0 464

int registers_get(pid_t tid, struct registers *ret_registers)
{
	struct iovec iov = {&ret_registers->user, sizeof(ret_registers->user)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	return iov.iov_len == sizeof(ret_registers->user) ? 0 : -EOPNOTSUPP;
}

int registers_set(pid_t tid, const struct registers *registers)
{
	struct iovec iov = {(void *)&registers->user, sizeof(registers->user)};

	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

int registers_get_xsave(pid_t tid, void *area, size_t *size)
{
	struct iovec iov = {area, *size};

	if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &iov) < 0)
		return -errno;
	*size = iov.iov_len;
	return 0;
}

uint64_t xsave_host_features(void)
{
	unsigned eax, edx;

	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return ((uint64_t)edx << 32) | eax;
}

uint64_t xsave_features(const void *area, size_t size)
{
	uint64_t features;

	if (size < XSAVE_HEADER_END)
		return XSAVE_LEGACY_FEATURES;
	memcpy(&features, (const char *)area + XSAVE_HEADER_XSTATE_BV, sizeof(features));
	return features;
}

int registers_set_xsave(pid_t tid, const void *area, size_t size)
{
	unsigned char copy[XSAVE_SIZE_MAX];
	size_t host_size = sizeof(copy);
	struct iovec iov = {copy, 0};
	uint64_t host_features;
	int r = registers_get_xsave(tid, copy, &host_size);

	if (r < 0)
		return r;
	if (host_size < XSAVE_HEADER_END || size < XSAVE_HEADER_END)
		return -EOPNOTSUPP;
	memcpy(&host_features, copy + XSAVE_SOFTWARE_XCR0, sizeof(host_features));
	if (xsave_features(area, size) & ~host_features)
		return -EOPNOTSUPP;
	memset(copy, 0, host_size);
	memcpy(copy, area, MIN(size, host_size));
	iov.iov_len = host_size;
	return ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, &iov) < 0 ? -errno : 0;
}

bool registers_are_64_bit(const struct registers *registers)
{
	return registers->user.cs == USER_CS_64;
}

long registers_syscall_number(const struct registers *registers)
{
	return (int)registers->user.orig_rax;
}

uint64_t registers_syscall_argument(const struct registers *registers, unsigned index)
{
	const struct user_regs_struct *user = &registers->user;
	const uint64_t arguments[] = {user->rdi, user->rsi, user->rdx, user->r10, user->r8, user->r9};

	return index < ARRAY_SIZE(arguments) ? arguments[index] : 0;
}

/* Beside those that always are, all that may wait on a socket with a timeout (SO_RCVTIMEO, socket(7)). */
static bool is_interrupted_by_stops(long number)
{
	switch (number) {
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_semop:
	case SYS_semtimedop:
	case SYS_rt_sigtimedwait:
	case SYS_io_getevents:
	case SYS_io_pgetevents:
	case SYS_io_uring_enter:
	case SYS_read:
	case SYS_readv:
	case SYS_preadv2:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
	case SYS_write:
	case SYS_writev:
	case SYS_pwritev2:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
	case SYS_connect:
	case SYS_accept:
	case SYS_accept4:
		return true;
	default:
		return false;
	}
}

enum syscall_restart registers_restart(const struct registers *registers)
{
	if (registers_syscall_number(registers) < 0)
		return SYSCALL_RESTART_NONE;
	switch (-(long)registers->user.rax) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
		return SYSCALL_RESTART_AGAIN;
	case ERESTART_RESTARTBLOCK:
		return SYSCALL_RESTART_BLOCK;
	default:
		return SYSCALL_RESTART_NONE;
	}
}

bool registers_retry_interrupted(struct registers *registers)
{
	if ((long)registers->user.rax != -EINTR ||
	    !is_interrupted_by_stops(registers_syscall_number(registers)))
		return false;
	registers->user.rax = (unsigned long long)-ERESTARTNOHAND;
	return true;
}

void registers_rewind(struct registers *registers)
{
	enum syscall_restart restart = registers_restart(registers);
	struct user_regs_struct *user = &registers->user;

	if (restart != SYSCALL_RESTART_NONE) {
		user->rax = restart == SYSCALL_RESTART_BLOCK ? (unsigned long long)SYS_restart_syscall
							     : user->orig_rax;
		user->rip -= SYSCALL_INSTRUCTION_SIZE;
	}
	user->orig_rax = (unsigned long long)-1;
}

void registers_jump(struct registers *registers, uint64_t address)
{
	registers->user.rip = address;
	registers->user.orig_rax = (unsigned long long)-1;
}

void registers_set_call(struct registers *registers, long number, const uint64_t arguments[6])
{
	struct user_regs_struct *user = &registers->user;

	user->rax = (unsigned long long)number;
	user->rdi = arguments[0];
	user->rsi = arguments[1];
	user->rdx = arguments[2];
	user->r10 = arguments[3];
	user->r8 = arguments[4];
	user->r9 = arguments[5];
}

long registers_result(const struct registers *registers)
{
	return (long)registers->user.rax;
}
