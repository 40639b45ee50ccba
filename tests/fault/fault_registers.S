/* SPDX-License-Identifier: MIT */
/* Fills every register from a bank, waits in a loop that changes none, and stores them. */
#define GENERAL 0
#define FLAGS 120
#define MXCSR 128
#define RED_ZONE 136
#define VECTORS 264
#define SIZE 800
#define TURNS 1600
#define HAS_AVX 1608

	.text
	.globl register_bank_hold
	.type register_bank_hold, @function
register_bank_hold:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdi

	ldmxcsr	MXCSR(%rdi)
	cmpq	$0, HAS_AVX(%rdi)
	je	1f
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	vmovdqu	VECTORS + 32 * \number(%rdi), %ymm\number
	.endr
	jmp	2f
1:
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movdqu	VECTORS + 32 * \number(%rdi), %xmm\number
	.endr
2:
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movq	RED_ZONE + 8 * \number(%rdi), %rax
	movq	%rax, -8 - 8 * \number(%rsp)
	.endr
	movb	FLAGS(%rdi), %ah
	sahf
	movq	GENERAL + 8 * 0(%rdi), %rax
	movq	GENERAL + 8 * 1(%rdi), %rbx
	movq	TURNS(%rdi), %rcx
	movq	GENERAL + 8 * 3(%rdi), %rdx
	movq	GENERAL + 8 * 4(%rdi), %rsi
	movq	GENERAL + 8 * 6(%rdi), %rbp
	movq	GENERAL + 8 * 7(%rdi), %r8
	movq	GENERAL + 8 * 8(%rdi), %r9
	movq	GENERAL + 8 * 9(%rdi), %r10
	movq	GENERAL + 8 * 10(%rdi), %r11
	movq	GENERAL + 8 * 11(%rdi), %r12
	movq	GENERAL + 8 * 12(%rdi), %r13
	movq	GENERAL + 8 * 13(%rdi), %r14
	movq	GENERAL + 8 * 14(%rdi), %r15
	movq	GENERAL + 8 * 5(%rdi), %rdi
	/* The one loop that leaves the flags alone. */
3:	loop	3b

	/* The bank's address waits on the stack; so does, from here on, what was in %rdi. */
	xchgq	%rdi, (%rsp)
	movq	%rax, SIZE + GENERAL + 8 * 0(%rdi)
	lahf
	movb	%ah, SIZE + FLAGS(%rdi)
	movq	%rbx, SIZE + GENERAL + 8 * 1(%rdi)
	movq	%rcx, SIZE + GENERAL + 8 * 2(%rdi)
	movq	%rdx, SIZE + GENERAL + 8 * 3(%rdi)
	movq	%rsi, SIZE + GENERAL + 8 * 4(%rdi)
	movq	%rbp, SIZE + GENERAL + 8 * 6(%rdi)
	movq	%r8, SIZE + GENERAL + 8 * 7(%rdi)
	movq	%r9, SIZE + GENERAL + 8 * 8(%rdi)
	movq	%r10, SIZE + GENERAL + 8 * 9(%rdi)
	movq	%r11, SIZE + GENERAL + 8 * 10(%rdi)
	movq	%r12, SIZE + GENERAL + 8 * 11(%rdi)
	movq	%r13, SIZE + GENERAL + 8 * 12(%rdi)
	movq	%r14, SIZE + GENERAL + 8 * 13(%rdi)
	movq	%r15, SIZE + GENERAL + 8 * 14(%rdi)
	movq	(%rsp), %rax
	movq	%rax, SIZE + GENERAL + 8 * 5(%rdi)
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movq	-8 - 8 * \number(%rsp), %rax
	movq	%rax, SIZE + RED_ZONE + 8 * \number(%rdi)
	.endr
	stmxcsr	SIZE + MXCSR(%rdi)
	cmpq	$0, HAS_AVX(%rdi)
	je	4f
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	vmovdqu	%ymm\number, SIZE + VECTORS + 32 * \number(%rdi)
	.endr
	vzeroupper
	jmp	5f
4:
	.irp number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movdqu	%xmm\number, SIZE + VECTORS + 32 * \number(%rdi)
	.endr
5:
	popq	%rax
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size register_bank_hold, . - register_bank_hold

	.section .note.GNU-stack, "", @progbits
