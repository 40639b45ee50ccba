/* SPDX-License-Identifier: MIT */
/* Whether a thread is in a Landlock domain. */
#include "common/landlock.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arch/x86_64/bare_syscall.h"
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

struct landlock_witness {
	uid_t uid;
	gid_t gid;
	int program_fd;
	pid_t pid; /* -1: it could not be made */
	bool has_ended;
	long error;
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
	char *words[2];
	_Alignas(16) char stack[STACK_SIZE];
};

/*
 * The child shares our memory, and runs beside us, until it has one of its own: so it must not touch any but
 * what is its. Once it has other ids our memory is no longer dumpable, so that nobody can get at it through
 * the child. With no_new_privs also root has no capabilities in the end.
 */
static int become(void *argument)
{
	struct landlock_witness *witness = argument;
	const long uid = (long)witness->uid, gid = (long)witness->gid;
	long r = bare_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	if (r == 0)
		r = bare_syscall(SYS_setresgid, gid, gid, gid, 0, 0);
	if (r == 0)
		r = bare_syscall(SYS_setresuid, uid, uid, uid, 0, 0);
	if (r == 0)
		r = bare_syscall(SYS_capset, (long)&witness->header, (long)witness->none, 0, 0, 0);
	if (r == 0)
		r = bare_syscall(SYS_execveat, witness->program_fd, (long)"", (long)witness->words,
				 (long)(witness->words + 1), AT_EMPTY_PATH);
	witness->error = r;
	return 0;
}

int landlock_witness_start(uid_t uid, gid_t gid, struct landlock_witness **ret_witness)
{
	cleanup_(landlock_witness_freep) struct landlock_witness *witness = calloc(1, sizeof(*witness));
	sigset_t all, before;
	int r;

	if (!witness)
		return -ENOMEM;
	witness->pid = -1;
	witness->program_fd = -EBADF;
	witness->uid = uid;
	witness->gid = gid;
	witness->header.version = _LINUX_CAPABILITY_VERSION_3;
	witness->words[0] = (char *)"cr-witness";
	r = program_make(&witness->program_fd);
	if (r < 0)
		return r;
	/* No handler of ours is to run in it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	witness->pid = clone(become, witness->stack + STACK_SIZE, CLONE_VM, witness);
	r = witness->pid < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		*ret_witness = take_ptr(witness);
	return r;
}

bool landlock_witness_is_of(const struct landlock_witness *witness, uid_t uid, gid_t gid)
{
	return witness->uid == uid && witness->gid == gid;
}

int landlock_witness_wait(struct landlock_witness *witness)
{
	siginfo_t info;

	while (!witness->has_ended) {
		if (waitid(P_PID, (id_t)witness->pid, &info, WEXITED | WNOWAIT | __WALL) == 0)
			witness->has_ended = true;
		else if (errno != EINTR)
			return -errno;
	}
	return (int)witness->error;
}

pid_t landlock_witness_pid(const struct landlock_witness *witness)
{
	return witness->pid;
}

void landlock_witness_free(struct landlock_witness *witness)
{
	while (witness->pid > 0 && waitpid(witness->pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	close_fd(&witness->program_fd);
	free(witness);
}
