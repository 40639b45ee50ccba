/* SPDX-License-Identifier: MIT */
/* The position-independent code that runs inside tasks; executor.h says what each entry does. */
#include "common/arch/x86_64/executor.h"

#define NR_MMAP 9
#define NR_MUNMAP 11
#define NR_RT_SIGACTION 13
#define NR_RT_SIGPROCMASK 14
#define NR_RT_SIGRETURN 15
#define NR_GETPID 39
#define NR_RT_SIGTIMEDWAIT 128
#define NR_SIGALTSTACK 131
#define NR_GETTID 186
#define NR_TGKILL 234
#define NR_RT_TGSIGQUEUEINFO 297
#define NR_PRLIMIT64 302
#define NR_CLONE3 435
#define SIGTRAP 5
#define SIG_SETMASK 2
#define SIGSET_SIZE 8
/* SA_SIGINFO | SA_NODEFER | SA_RESTORER: the frame is written to the region's stack and never returned to. */
#define ACTION_FLAGS 0x44000004

/* Of struct rt_sigframe: behind the return address uc_mcontext.fpstate of the ucontext. asm/sigcontext.h */
#define FRAME_FPSTATE (8 + 40 + 184)
#define FRAME_ALTSTACK (8 + 16)
#define FRAME_RIP (8 + 40 + 128)
#define FRAME_SIGINFO (8 + 40 + 256 + 8)
#define FPSTATE_MAGIC1 464
#define FPSTATE_XFEATURES 472
#define FP_XSTATE_MAGIC1 0x46505853

	.section .rodata.executor, "a", @progbits
	.balign 16
	.globl executor_blob, executor_borrow, executor_run, executor_cure, executor_mask_call
	.globl executor_syscall, executor_context, executor_blob_end, executor_no_region
	.globl executor_quiet_begin, executor_quiet_run, executor_quiet_cure, executor_quiet_ready, executor_quiet_end
	.globl executor_quiet, executor_map, executor_region, executor_limits

executor_blob:
blob_start:
	.ascii	"cr-dump executor"	/* the signature, in all versions */
executor_borrow:
	/* Still on the task's own stack: a handler that slips in before the mask is set runs as it would have. */
	movl	$NR_RT_SIGPROCMASK, %eax
	movl	$SIG_SETMASK, %edi
	leaq	all_but_sigtrap(%rip), %rsi
	xorl	%edx, %edx
	movl	$SIGSET_SIZE, %r10d
	syscall

	xorl	%r14d, %r14d
	leaq	mapped(%rip), %r15
	jmp	map
mapped:
	jae	no_region
	leaq	EXECUTOR_REGION_SIZE(%rbx), %rsp

	leaq	handler(%rip), %rax
	movq	%rax, EXECUTOR_ACTION(%rbx)
	movl	$ACTION_FLAGS, %ecx
	movq	%rcx, EXECUTOR_ACTION+8(%rbx)
	movq	%rax, EXECUTOR_ACTION+16(%rbx)
	movq	$-1, EXECUTOR_ACTION+24(%rbx)
	movl	$NR_RT_SIGACTION, %eax
	movl	$SIGTRAP, %edi
	leaq	EXECUTOR_ACTION(%rbx), %rsi
	leaq	EXECUTOR_OLD_ACTION(%rbx), %rdx
	movl	$SIGSET_SIZE, %r10d
	syscall
	int3
	jmp	cure

/*
 * Of a SIGTRAP that nobody caught. The kernel starts a handler with the vector registers cleared: they are loaded
 * from the signal frame. So is the alternate stack, which one with SS_AUTODISARM has lost, though this handler does not
 * run on it. rt_sigreturn would do both too, but makes a sleep that was interrupted end with EINTR.
 */
handler:
	/* The action is the whole process's: once we are dead, another thread may be sent a SIGTRAP before the cure. */
	movq	FRAME_RIP(%rsp), %rcx
	leaq	blob_start(%rip), %rax
	subq	%rax, %rcx
	cmpq	$(executor_blob_end - executor_blob), %rcx
	jae	not_ours
	movl	$NR_SIGALTSTACK, %eax
	leaq	FRAME_ALTSTACK(%rsp), %rdi
	xorl	%esi, %esi
	syscall
	movq	FRAME_FPSTATE(%rsp), %rcx
	testq	%rcx, %rcx
	jz	cure
	cmpl	$FP_XSTATE_MAGIC1, FPSTATE_MAGIC1(%rcx)
	jne	handler_without_xsave
	movl	FPSTATE_XFEATURES(%rcx), %eax
	movl	FPSTATE_XFEATURES+4(%rcx), %edx
	xrstor64 (%rcx)
	jmp	cure
handler_without_xsave:
	fxrstor64 (%rcx)
	jmp	cure
/* Sends it to the thread again, and so on until the task's own action is back. */
not_ours:
	movl	$NR_GETTID, %eax
	syscall
	movl	%eax, %esi
	movl	$NR_GETPID, %eax
	syscall
	movl	%eax, %edi
	movl	$SIGTRAP, %edx
	leaq	FRAME_SIGINFO(%rsp), %r10
	movl	$NR_RT_TGSIGQUEUEINFO, %eax
	syscall
	addq	$8, %rsp
	movl	$NR_RT_SIGRETURN, %eax
	syscall

/* Without a handler an int3 would kill. Gives the controller a second to find the thread here, then goes back. */
no_region:
	movl	$NR_RT_SIGTIMEDWAIT, %eax
	leaq	no_signals(%rip), %rdi
	xorl	%esi, %esi
	leaq	one_second(%rip), %rdx
	movl	$SIGSET_SIZE, %r10d
	syscall
executor_no_region:
	jmp	restore

/* Maps the region and goes on at %r15, with its address in %rbx, and "above or equal" if it may not. */
executor_map:
map:
	xorl	%ebp, %ebp
	jmp	set_limits
raised:
	movl	$NR_MMAP, %eax
	movq	region_address(%rip), %rdi
	movl	$EXECUTOR_REGION_SIZE, %esi
	movl	$3, %edx			/* PROT_READ | PROT_WRITE */
	movl	region_mmap_flags(%rip), %r10d
	movq	$-1, %r8
	xorl	%r9d, %r9d
	syscall
	movq	%rax, %rbx
	movl	$(EXECUTOR_LIMIT_OWN - EXECUTOR_LIMIT_RAISED), %ebp
/* The limits that may be in the way: raised, and then as they were. One that may not be set stays. */
set_limits:
	movl	limits_count(%rip), %r13d
	leaq	limits(%rip), %r12
next_limit:
	testl	%r13d, %r13d
	jz	limits_set
	movl	$NR_PRLIMIT64, %eax
	xorl	%edi, %edi
	movl	EXECUTOR_LIMIT_RESOURCE(%r12), %esi
	leaq	EXECUTOR_LIMIT_RAISED(%r12, %rbp), %rdx
	xorl	%r10d, %r10d
	syscall
	addq	$EXECUTOR_LIMIT_SIZE, %r12
	decl	%r13d
	jmp	next_limit
limits_set:
	testl	%ebp, %ebp
	jz	raised
	cmpq	$-4095, %rbx
	jmp	*%r15

executor_quiet_run:
	movl	$1, %r14d
	jmp	run
executor_run:
	xorl	%r14d, %r14d
run:
	movq	EXECUTOR_CALL_COUNT(%rbx), %r12
	leaq	EXECUTOR_CALLS(%rbx), %r13
next_call:
	testq	%r12, %r12
	jz	stop
	movl	EXECUTOR_CALL_REFERENCES(%r13), %ecx
	xorl	%edx, %edx
next_reference:
	testl	%ecx, %ecx
	jz	load_arguments
	shrl	%ecx
	jnc	no_reference
	imulq	$EXECUTOR_CALL_SIZE, EXECUTOR_CALL_ARGUMENTS(%r13, %rdx, 8), %rax
	movq	EXECUTOR_CALLS + EXECUTOR_CALL_RESULT(%rbx, %rax), %rax
	movq	%rax, EXECUTOR_CALL_ARGUMENTS(%r13, %rdx, 8)
no_reference:
	incl	%edx
	jmp	next_reference
load_arguments:
	movl	%ecx, EXECUTOR_CALL_REFERENCES(%r13)	/* none is left */
	movq	EXECUTOR_CALL_ARGUMENTS(%r13), %rdi
	movq	EXECUTOR_CALL_ARGUMENTS + 8(%r13), %rsi
	movq	EXECUTOR_CALL_ARGUMENTS + 16(%r13), %rdx
	movq	EXECUTOR_CALL_ARGUMENTS + 24(%r13), %r10
	movq	EXECUTOR_CALL_ARGUMENTS + 32(%r13), %r8
	movq	EXECUTOR_CALL_ARGUMENTS + 40(%r13), %r9
	movq	EXECUTOR_CALL_NUMBER(%r13), %rax
	syscall
	testq	%rax, %rax
	jnz	store
	/* A new task must not write over what its parent's call returned. */
	cmpq	$NR_CLONE3, EXECUTOR_CALL_NUMBER(%r13)
	je	park
store:
	movq	%rax, EXECUTOR_CALL_RESULT(%r13)
	cmpq	$-4095, %rax
	jb	advance
	testl	$EXECUTOR_CALL_MUST_SUCCEED, EXECUTOR_CALL_FLAGS(%r13)
	jnz	stop
advance:
	addq	$EXECUTOR_CALL_SIZE, %r13
	decq	%r12
	jmp	next_call
stop:
	movq	%r12, EXECUTOR_CALLS_LEFT(%rbx)
	testl	%r14d, %r14d
	jnz	quiet_ready
	int3

executor_cure:
cure:
	movl	$NR_RT_SIGACTION, %eax
	movl	$SIGTRAP, %edi
	leaq	EXECUTOR_OLD_ACTION(%rbx), %rsi
	xorl	%edx, %edx
	movl	$SIGSET_SIZE, %r10d
	syscall
	movl	$NR_MUNMAP, %eax
	movq	%rbx, %rdi
	movl	$EXECUTOR_REGION_SIZE, %esi
	syscall

	jmp	restore

/* Sends the thread the signal that its process ignores: if it is traced it stops at the next instruction. */
.macro raise_quietly
	movl	$NR_GETTID, %eax
	syscall
	movl	%eax, %esi
	movl	$NR_GETPID, %eax
	syscall
	movl	%eax, %edi
	movl	quiet_signal(%rip), %edx
	movl	$NR_TGKILL, %eax
	syscall
.endm

executor_quiet_begin:
	movl	$NR_RT_SIGPROCMASK, %eax
	movl	$SIG_SETMASK, %edi
	leaq	quiet_mask(%rip), %rsi
	xorl	%edx, %edx
	movl	$SIGSET_SIZE, %r10d
	syscall

	movl	$1, %r14d
	leaq	quiet_mapped(%rip), %r15
	jmp	map
quiet_mapped:
	jae	quiet_unmapped
	movl	quiet_calls_size(%rip), %ecx
	testl	%ecx, %ecx
	jz	quiet_ready
	cld
	leaq	blob_end(%rip), %rsi
	movq	%rbx, %rdi
	rep movsb
	movl	quiet_data_size(%rip), %ecx
	leaq	EXECUTOR_DATA(%rbx), %rdi
	rep movsb
	jmp	executor_quiet_run

quiet_ready:
	raise_quietly
executor_quiet_ready:

executor_quiet_cure:
	movl	$NR_MUNMAP, %eax
	movq	%rbx, %rdi
	movl	$EXECUTOR_REGION_SIZE, %esi
	syscall
quiet_unmapped:
	raise_quietly
executor_quiet_end:

restore:
	/* All signals are blocked, but SIGTRAP or one that is ignored, so nothing is written to where %rsp points. */
	leaq	context_rflags(%rip), %rsp
	popfq
	movq	context_rsp(%rip), %rsp
	leaq	context_others(%rip), %rcx
	movq	0(%rcx), %r8
	movq	8(%rcx), %r9
	movq	16(%rcx), %r12
	movq	24(%rcx), %r13
	movq	32(%rcx), %r14
	movq	40(%rcx), %r15
	movq	48(%rcx), %rbx
	movq	56(%rcx), %rbp
	movl	$NR_RT_SIGPROCMASK, %eax
	movl	$SIG_SETMASK, %edi
	leaq	context_signal_mask(%rip), %rsi
	movl	$0, %edx			/* xorl would change the flags */
	movl	$SIGSET_SIZE, %r10d
executor_mask_call:
	syscall
	movq	context_rax(%rip), %rax
	movq	context_rcx(%rip), %rcx
	movq	context_rdx(%rip), %rdx
	movq	context_rsi(%rip), %rsi
	movq	context_rdi(%rip), %rdi
	movq	context_r10(%rip), %r10
	movq	context_r11(%rip), %r11
	jmp	*context_rip(%rip)

park:
	int3
	jmp	park

executor_syscall:
	syscall
	int3

	.balign 8
all_but_sigtrap:
	.quad	~(1 << (SIGTRAP - 1))
no_signals:
	.quad	0
one_second:
	.quad	1, 0

executor_context:
context_signal_mask:	.quad 0
context_rflags:		.quad 0
context_rsp:		.quad 0
context_others:		.zero 8 * 8
context_rip:		.quad 0
context_rax:		.quad 0
context_rcx:		.quad 0
context_rdx:		.quad 0
context_rsi:		.quad 0
context_rdi:		.quad 0
context_r10:		.quad 0
context_r11:		.quad 0

executor_quiet:
quiet_mask:		.quad 0
quiet_signal:		.long 0
quiet_calls_size:	.long 0
quiet_data_size:	.long 0
			.long 0

executor_region:
region_address:		.quad 0
region_mmap_flags:	.long 0
limits_count:		.long 0
executor_limits:	/* the end of the blob, if there are none */
limits:			.zero EXECUTOR_LIMIT_SIZE * EXECUTOR_LIMITS_MAX
executor_blob_end:
blob_end:

	.section .note.GNU-stack, "", @progbits
