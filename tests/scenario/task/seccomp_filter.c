/* SPDX-License-Identifier: MIT */
/* Seccomp filters are kept in number and effect: one that lets all pass, and some that fail calls a restorer
 * needs. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static void add_filter(unsigned int number, unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	scenario_call(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

int main(void)
{
	char text[16];

	scenario_call(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	add_filter(~0U, SECCOMP_RET_ALLOW);
	add_filter(SYS_sethostname, SECCOMP_RET_ERRNO | 77);
	add_filter(SYS_getppid, SECCOMP_RET_ERRNO | 11);
	add_filter(SYS_ptrace, SECCOMP_RET_ERRNO | 12);
	/* What whoever restores this would like to use. */
	add_filter(SYS_munmap, SECCOMP_RET_ERRNO | 13);
	add_filter(SYS_rt_sigreturn, SECCOMP_RET_ERRNO | 14);
	scenario_checkpoint();
	scenario_check_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), SECCOMP_MODE_FILTER);
	scenario_check(syscall(SYS_sethostname, "x", 1) == -1 && errno == 77);
	scenario_check(syscall(SYS_getppid) == -1 && errno == 11);
	scenario_check(syscall(SYS_ptrace, 0, 0, 0, 0) == -1 && errno == 12);
	scenario_check(syscall(SYS_munmap, 0x1000, 0x1000) == -1 && errno == 13);
	scenario_status_field("Seccomp_filters", text, sizeof(text));
	scenario_check(strcmp(text, "6") == 0);
	scenario_pass();
}
