/* SPDX-License-Identifier: MIT */
/*
 * Counts up in a file, every few milliseconds, so that a test can see whether it still runs.
 *
 *   refusal_target FILE [WHAT]...     WHAT: something to hold while it counts
 *
 *   pipe, socketpair, tcp: as descriptor 7, 8, 9 (and the other end of the first two as 17, 18);
 *
 *   broken-pipe: as descriptor 7, with no other end;
 *
 *   semaphore: the first of a new set of one, of value 3, which it has taken and gives back at its end;
 *
 *   thread: a second thread; own-directory: one with a working directory of its own;
 *
 *   landlock-domain: one that it is in; landlock-thread: one that a second thread is in;
 *
 *   thread-key, process-key: a key in the keyring of its main thread, of the process;
 *
 *   nobody: it is user and group 65534 from here on, with no capabilities;
 *
 *   no-room: a limit by which it may not map any more memory, and no signal that it would ignore if it came;
 *
 *   no-place: it has unmapped its vdso, and its code is full to the last byte;
 *
 *   map=PATH: a private mapping of the file PATH, whose first byte it has changed;
 *
 *   memory=MIB: that much memory, which does not compress; huge=PAGES: so many huge pages of 2 MiB;
 *
 *   what hold_file() knows: as descriptor 12;
 *
 *   what hold_event(), hold_pipe() and hold_socket() know: as descriptor 20; what hold_terminal() knows: the
 *   master as 11, the slave as 21;
 *
 *   what hold_unix() knows: as descriptor 30, the next as 31, and so on.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hold_event.h"
#include "hold_file.h"
#include "hold_pipe.h"
#include "hold_unix.h"
#include "hold_socket.h"
#include "hold_terminal.h"

/* The number of what hold_file() makes. */
#define FILE_FD 12

/* The number of what hold_event(), hold_pipe() and hold_socket() make. */
#define HELD_FD 20

/* Known to ipc.sh. */
#define SEMAPHORE_KEY 0x43520007

/* That of the first that hold_unix() makes. */
#define UNIX_FD 30

#define NOBODY 65534

static void fail(const char *what)
{
	fprintf(stderr, "refusal_target: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void place(int fd, int wanted)
{
	if (fd == wanted)
		return;
	if (fd < 0 || dup2(fd, wanted) < 0)
		fail("dup2");
	close(fd);
}

static void hold_pair(int ends[2], int wanted)
{
	place(ends[0], wanted);
	place(ends[1], wanted + 10);
}

/* Without a signal to stop by, a thread that gets no memory waits for its dumper. */
static void hold_no_room(void)
{
	sigset_t blocked;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGTERM);
	if (sigprocmask(SIG_SETMASK, &blocked, NULL) < 0 || setrlimit(RLIMIT_AS, &(struct rlimit){0}) < 0)
		fail("no-room");
}

static void hold_map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat file;
	char *map;

	if (fd < 0 || fstat(fd, &file) < 0)
		fail(path);
	map = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		fail(path);
	map[0]++;
	close(fd);
}

static void hold_memory(size_t mib)
{
	size_t count = (mib << 20) / sizeof(uint64_t);
	uint64_t *words = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t value = 88172645463325252U;

	if (words == MAP_FAILED)
		fail("mmap");
	for (size_t i = 0; i < count; i++) {
		value ^= value << 13;
		value ^= value >> 7;
		value ^= value << 17;
		words[i] = value;
	}
}

static void hold_huge_pages(size_t pages)
{
	size_t size = pages << 21;
	char *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap of huge pages");
	memory[0] = 1;
}

/* From here on nothing may ask for the time by way of the C library. */
static void unmap_vdso(void)
{
	if (munmap((void *)getauxval(AT_SYSINFO_EHDR), 2 * 4096) < 0)
		fail("munmap");
}

/* All that is executable is full: what lies behind the code of the program and its libraries is not zero. */
static void fill_code(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], path[256];
	unsigned long start, end;

	if (!maps)
		fail("maps");
	while (fgets(line, sizeof(line), maps)) {
		char *page;

		if (sscanf(line, "%lx-%lx r-xp %*s %*s %*s %255s", &start, &end, path) != 3 || path[0] != '/')
			continue;
		page = (char *)end - 4096;
		if (mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
			fail("mprotect");
		for (int i = 4095; i >= 0 && page[i] == 0; i--)
			page[i] = (char)0xcc;
		if (mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0)
			fail("mprotect");
	}
	fclose(maps);
}

static void hold_semaphore(void)
{
	struct sembuf operations[] = {{.sem_op = 3}, {.sem_op = -1, .sem_flg = SEM_UNDO}};
	int id = semget(SEMAPHORE_KEY, 1, IPC_CREAT | IPC_EXCL | 0600);

	if (id < 0 || semop(id, operations, 2) < 0)
		fail("semaphore");
}

/* Landlock, by numbers that many systems' headers lack: a domain that forbids nothing but to bind TCP ports.
 */
static void enter_landlock(void)
{
	const uint64_t handled[] = {0, 1};
	int fd = (int)syscall(444, handled, sizeof(handled), 0); /* landlock_create_ruleset(2) */

	if (fd < 0 || syscall(446, fd, 0) < 0) /* landlock_restrict_self(2), which CAP_SYS_ADMIN may */
		fail("landlock");
	close(fd);
}

/* Into the keyring of that number (keyrings(7)). */
static void add_key(int keyring)
{
	if (syscall(SYS_add_key, "user", "cr-refusal", "secret", 6, keyring) < 0)
		fail("add_key");
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		fail("nobody");
}

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static atomic_bool has_unshared;

static void *unshare_directory(void *unused)
{
	if (unshare(CLONE_FS) < 0)
		fail("unshare");
	has_unshared = true;
	return sleep_on(unused);
}

static void *sleep_in_landlock(void *unused)
{
	enter_landlock();
	has_unshared = true;
	return sleep_on(unused);
}

/* False if WHAT is something else. */
static bool hold_some_terminal(const char *what)
{
	int ends[2];
	int r = hold_terminal(what, ends);

	if (r == -2)
		return false;
	if (r < 0)
		fail(what);
	place(ends[0], 11);
	if (ends[1] >= 0)
		place(ends[1], 21);
	return true;
}

static void hold(const char *what)
{
	int ends[2];
	pthread_t thread;

	if (strcmp(what, "pipe") == 0) {
		if (pipe(ends) < 0)
			fail(what);
		hold_pair(ends, 7);
	} else if (strcmp(what, "broken-pipe") == 0) {
		if (pipe(ends) < 0)
			fail(what);
		close(ends[1]);
		place(ends[0], 7);
	} else if (strcmp(what, "socketpair") == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
			fail(what);
		hold_pair(ends, 8);
	} else if (strcmp(what, "tcp") == 0) {
		place(hold_socket("tcp-connected"), 9);
	} else if (strcmp(what, "own-directory") == 0) {
		if (pthread_create(&thread, NULL, unshare_directory, NULL) != 0)
			fail(what);
		while (!has_unshared)
			sched_yield();
	} else if (strcmp(what, "time-namespace") == 0) {
		if (unshare(0x80) < 0) /* CLONE_NEWTIME, which is newer than some headers */
			fail(what);
	} else if (strcmp(what, "thread") == 0) {
		if (pthread_create(&thread, NULL, sleep_on, NULL) != 0)
			fail(what);
	} else if (strcmp(what, "landlock-domain") == 0) {
		enter_landlock();
	} else if (strcmp(what, "landlock-thread") == 0) {
		if (pthread_create(&thread, NULL, sleep_in_landlock, NULL) != 0)
			fail(what);
		while (!has_unshared)
			sched_yield();
	} else if (strcmp(what, "thread-key") == 0) {
		add_key(-1);
	} else if (strcmp(what, "process-key") == 0) {
		add_key(-2);
	} else if (strcmp(what, "nobody") == 0) {
		become_nobody();
	} else if (strcmp(what, "semaphore") == 0) {
		hold_semaphore();
	} else if (strcmp(what, "no-room") == 0) {
		hold_no_room();
	} else if (strcmp(what, "no-place") == 0) {
		unmap_vdso();
		fill_code();
	} else if (strncmp(what, "map=", 4) == 0) {
		hold_map(what + 4);
	} else if (strncmp(what, "memory=", 7) == 0) {
		hold_memory(strtoul(what + 7, NULL, 10));
	} else if (strncmp(what, "huge=", 5) == 0) {
		hold_huge_pages(strtoul(what + 5, NULL, 10));
	} else if (!hold_some_terminal(what)) {
		static int unix_fd = UNIX_FD;
		int fd = hold_file(what, FILE_FD), wanted = HELD_FD;

		if (fd == 0)
			return;
		if (fd == -2)
			fd = hold_event(what);
		if (fd == -2)
			fd = hold_pipe(what);
		if (fd == -2)
			fd = hold_socket(what);
		if (fd == -2) {
			fd = hold_unix(what);
			wanted = unix_fd++;
		}
		if (fd == -2)
			errno = EINVAL;
		if (fd < 0)
			fail(what);
		place(fd, wanted);
	}
}

int main(int argc, char **argv)
{
	const struct timespec pause_time = {.tv_nsec = 5000000};
	int fd;

	if (argc < 2)
		return EXIT_FAILURE;
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		fail(argv[1]);
	for (int i = 2; i < argc; i++)
		hold(argv[i]);
	for (unsigned long count = 1;; count++) {
		char line[32];
		int length = snprintf(line, sizeof(line), "%lu\n", count);

		if (pwrite(fd, line, (size_t)length, 0) < 0)
			fail(argv[1]);
		nanosleep(&pause_time, NULL);
	}
}
