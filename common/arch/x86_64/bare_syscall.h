/* SPDX-License-Identifier: MIT */
/* A system call that touches no memory of ours, not even errno: for a child that shares it. */
#pragma once

/* A negative errno is a failure. */
static inline long bare_syscall(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result = number;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}
