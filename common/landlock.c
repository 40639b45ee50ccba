/* SPDX-License-Identifier: MIT */
/* Whether a thread is in a Landlock domain. */
#include "common/landlock.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arch/x86_64/exit_code.h"
#include "common/cleanup.h"

/* LANDLOCK_CREATE_RULESET_VERSION; Linux 5.13. */
#define CREATE_RULESET_VERSION 1

/* Of memfd_create(2), Linux 6.3: it is to be run, whatever vm.memfd_noexec says of those that do not say. */
#define CR_MFD_EXEC 0x10

#define STACK_SIZE 16384
#define PROGRAM_ADDRESS 0x400000

bool landlock_is_there(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION) >= 0;
}

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	unsigned char code[sizeof((unsigned char[])EXIT_CODE)];
};

/* A file without a name that holds a program which ends at once. */
static int program_make(int *ret_fd)
{
	const struct program program = {
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
					    EV_CURRENT},
				.e_type = ET_EXEC,
				.e_machine = EXIT_CODE_MACHINE,
				.e_version = EV_CURRENT,
				.e_entry = PROGRAM_ADDRESS + offsetof(struct program, code),
				.e_phoff = offsetof(struct program, segment),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 1,
			},
		.segment =
			{
				.p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_vaddr = PROGRAM_ADDRESS,
				.p_filesz = sizeof(program),
				.p_memsz = sizeof(program),
				.p_align = PAGE_SIZE_BYTES,
			},
		.code = EXIT_CODE,
	};
	cleanup_close int fd = memfd_create("cr-witness", MFD_CLOEXEC | CR_MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("cr-witness", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Readable by all, or its process is not dumpable. */
	if (write(fd, &program, sizeof(program)) != (ssize_t)sizeof(program) || fchmod(fd, 0555) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

struct witness {
	uid_t uid;
	gid_t gid;
	int program_fd;
	int error;
	_Alignas(16) char stack[STACK_SIZE];
};

/*
 * By the calls themselves: those of the C library change all threads, which are not the child's. Once it has
 * other ids our memory is no longer dumpable, so that nobody can get at it through the child, until that has
 * one of its own. With no_new_privs also root has no capabilities there.
 */
static int become(void *argument)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	struct witness *witness = argument;
	const uid_t uid = witness->uid;
	const gid_t gid = witness->gid;
	const unsigned fd = (unsigned)witness->program_fd;
	char *words[] = {(char *)"cr-witness", NULL};

	/* Or it would seem to be somebody outside who has the files of the tree. */
	if ((fd == 0 || syscall(SYS_close_range, 0, fd - 1, 0) == 0) &&
	    syscall(SYS_close_range, fd + 1, UINT_MAX, 0) == 0 &&
	    syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_setresgid, gid, gid, gid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0 &&
	    syscall(SYS_capset, &header, none) == 0)
		syscall(SYS_execveat, witness->program_fd, "", words, words + 1, AT_EMPTY_PATH);
	witness->error = -errno;
	return 0;
}

int landlock_witness_make(uid_t uid, gid_t gid, pid_t *ret_pid)
{
	struct witness witness = {.uid = uid, .gid = gid};
	int was_dumpable = prctl(PR_GET_DUMPABLE);
	cleanup_close int program_fd = -EBADF;
	sigset_t all, before;
	pid_t pid;
	int r = program_make(&program_fd);

	if (r < 0)
		return r;
	witness.program_fd = program_fd;
	/* No handler of ours is to run in it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone(become, witness.stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, &witness);
	r = pid < 0 ? -errno : witness.error;
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* We have not become anybody else. */
	if (was_dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1);
	if (pid > 0 && r < 0)
		landlock_witness_end(pid);
	if (r == 0)
		*ret_pid = pid;
	return r;
}

void landlock_witness_end(pid_t pid)
{
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
}
