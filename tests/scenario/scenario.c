/* SPDX-License-Identifier: MIT */
/* The scenario programs' side of the agreement with the runner. */
#include "scenario.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 5
/* A round that waits for POLL_MS and took longer than this met a freeze, not the scheduler. */
#define FREEZE_MS 15

static char directory[PATH_MAX];
static unsigned int checkpoint_number;
static int64_t frozen_ns;
static int pass_status;

/* Root for the C library's start only, as a daemon that opens its files first. Others may look at it as
 * before. */
static void give_up_root(const char *ids)
{
	unsigned int uid, gid;

	if (sscanf(ids, "%u:%u", &uid, &gid) != 2)
		_exit(126);
	if (getuid() == uid)
		return; /* started anew by itself */
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1) < 0)
		_exit(126);
}

__attribute__((constructor)) static void begin(void)
{
	const char *status = getenv("SCENARIO_PASS_STATUS");
	const char *user = getenv("SCENARIO_USER");

	if (!getcwd(directory, sizeof(directory)))
		_exit(125);
	if (user)
		give_up_root(user);
	if (status)
		pass_status = atoi(status);
}

void scenario_set_directory(const char *path)
{
	snprintf(directory, sizeof(directory), "%s", path);
}

static void make_path(char *path, size_t size, const char *name, unsigned int number)
{
	int length = number ? snprintf(path, size, "%s/%s.%u", directory, name, number)
			    : snprintf(path, size, "%s/%s", directory, name);

	if (length < 0 || (size_t)length >= size)
		_exit(124);
}

static _Noreturn void finish(int status, const char *result)
{
	char path[PATH_MAX + 32];

	make_path(path, sizeof(path), "result", 0);
	if (symlink(result, path) < 0 && errno != EEXIST) {
		perror("scenario: cannot leave the result");
		status = 123;
	}
	_exit(status);
}

_Noreturn void scenario_pass(void)
{
	finish(pass_status, "pass");
}

static _Noreturn void finish_formatted(int status, const char *word, const char *format, va_list arguments)
{
	char result[1024];
	int length = snprintf(result, sizeof(result), "%s: ", word);

	vsnprintf(result + length, sizeof(result) - (size_t)length, format, arguments);
	finish(status, result);
}

_Noreturn void scenario_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finish_formatted(1, "fail", format, arguments);
}

_Noreturn void scenario_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finish_formatted(77, "skip", format, arguments);
}

void scenario_announce(void)
{
	char path[PATH_MAX + 32];

	make_path(path, sizeof(path), "ready", ++checkpoint_number);
	if (symlink("ready", path) < 0)
		scenario_fail("cannot announce checkpoint %u: %s", checkpoint_number, strerror(errno));
}

bool scenario_is_released(void)
{
	char path[PATH_MAX + 32];

	make_path(path, sizeof(path), "go", checkpoint_number);
	return access(path, F_OK) == 0;
}

void scenario_wait(void)
{
	int64_t before = scenario_now_ns(CLOCK_MONOTONIC);
	bool is_released;

	/* No moment lies between two rounds, so that no freeze goes unnoticed, however short the rest of a
	 * round is. */
	do {
		struct timespec pause = {.tv_nsec = POLL_MS * SCENARIO_MS};
		int64_t now;

		is_released = scenario_is_released();
		if (!is_released)
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		now = scenario_now_ns(CLOCK_MONOTONIC);
		if (now - before > FREEZE_MS * SCENARIO_MS)
			frozen_ns += now - before - POLL_MS * SCENARIO_MS;
		before = now;
	} while (!is_released);
}

void scenario_checkpoint(void)
{
	int saved = errno;

	scenario_announce();
	scenario_wait();
	errno = saved;
}

struct thread_start {
	void *(*body)(void *);
	void *argument;
	atomic_bool has_begun;
};

static void *begin_thread(void *data)
{
	struct thread_start *start = data;
	void *(*body)(void *) = start->body;
	void *argument = start->argument;

	atomic_store(&start->has_begun, true);
	return body(argument);
}

/*
 * Stands for pthread_create(3) in the programs (ld --wrap): returns when the thread has begun. Before, the C
 * library has not yet set its signal mask and robust list, and a busy machine may take its time.
 */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
			  void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
			  void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
			  void *argument)
{
	struct thread_start start = {.body = body, .argument = argument};
	int r = __real_pthread_create(thread, attributes, begin_thread, &start);

	while (r == 0 && !atomic_load(&start.has_begun))
		sched_yield();
	return r;
}

/* The same for fork(2): in the child the C library sets its robust list anew before it returns. */
pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void)
{
	pid_t pid = __real_fork();
	size_t size;
	void *list = NULL;

	while (pid > 0 && syscall(SYS_get_robust_list, pid, &list, &size) == 0 && !list) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0)
			break; /* it has ended */
		sched_yield();
	}
	return pid;
}

void scenario_start_helper(void (*body)(pid_t pid))
{
	pid_t pid = getpid(), child = scenario_call(fork());
	char path[PATH_MAX + 32];

	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		make_path(path, sizeof(path), "helper", (unsigned int)getpid());
		scenario_call(symlink("helper", path));
		body(pid);
		_exit(0);
	}
	scenario_call(waitpid(child, NULL, 0));
}

pid_t scenario_fork(void)
{
	return scenario_call(fork());
}

void scenario_join(void)
{
	checkpoint_number++;
	scenario_wait();
}

static void mark_path(char *path, size_t size, const char *format, va_list arguments)
{
	char name[128] = "mark.";

	vsnprintf(name + strlen(name), sizeof(name) - strlen(name), format, arguments);
	make_path(path, size, name, 0);
}

void scenario_mark(const char *format, ...)
{
	char path[PATH_MAX + 32];
	va_list arguments;

	va_start(arguments, format);
	mark_path(path, sizeof(path), format, arguments);
	va_end(arguments);
	if (symlink("mark", path) < 0)
		scenario_fail("cannot make the mark '%s': %s", path, strerror(errno));
}

void scenario_await(const char *format, ...)
{
	struct timespec pause = {.tv_nsec = SCENARIO_MS};
	char path[PATH_MAX + 32];
	va_list arguments;
	struct stat status;

	va_start(arguments, format);
	mark_path(path, sizeof(path), format, arguments);
	va_end(arguments);
	while (lstat(path, &status) < 0)
		nanosleep(&pause, NULL);
}

void scenario_reap(pid_t pid, int status)
{
	int found;
	pid_t waited;

	do
		waited = waitpid(pid, &found, __WALL);
	while (waited < 0 && errno == EINTR);
	if (waited != pid)
		scenario_fail("waiting for process %d: %s", (int)pid, strerror(errno));
	if (!WIFEXITED(found) || WEXITSTATUS(found) != status)
		scenario_fail("process %d ended with wait status %#x, not exit status %d", (int)pid,
			      (unsigned int)found, status);
}

int64_t scenario_now_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		scenario_fail("clock_gettime(%d): %s", (int)clock, strerror(errno));
	return now.tv_sec * SCENARIO_SECOND + now.tv_nsec;
}

void scenario_sleep_ms(unsigned int milliseconds)
{
	int64_t end = scenario_now_ns(CLOCK_MONOTONIC) + milliseconds * SCENARIO_MS;
	struct timespec until = {.tv_sec = end / SCENARIO_SECOND, .tv_nsec = end % SCENARIO_SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void scenario_run_first(void)
{
	const struct sched_param first = {.sched_priority = 1};

	(void)!sched_setscheduler(0, SCHED_FIFO, &first);
}

int64_t scenario_frozen_ns(void)
{
	return frozen_ns;
}

static uint64_t next_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t first_state(uint64_t seed)
{
	return seed * 0x9e3779b97f4a7c15ULL + 0x1234567887654321ULL;
}

void scenario_fill(void *memory, size_t size, uint64_t seed)
{
	uint64_t state = first_state(seed);
	char *bytes = memory;
	size_t offset;

	for (offset = 0; offset < size; offset += sizeof(state)) {
		uint64_t word = next_word(&state);

		memcpy(bytes + offset, &word, size - offset < sizeof(word) ? size - offset : sizeof(word));
	}
}

bool scenario_is_filled(const void *memory, size_t size, uint64_t seed)
{
	uint64_t state = first_state(seed);
	const char *bytes = memory;
	size_t offset;

	for (offset = 0; offset < size; offset += sizeof(state)) {
		uint64_t word = next_word(&state);

		if (memcmp(bytes + offset, &word,
			   size - offset < sizeof(word) ? size - offset : sizeof(word)))
			return false;
	}
	return true;
}

void scenario_create(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0 || fchmod(fd, mode) < 0)
		scenario_fail("cannot create '%s': %s", path, strerror(errno));
	close(fd);
}

static bool read_small_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	while (have < size - 1 && (got = read(fd, buffer + have, size - 1 - have)) > 0)
		have += (size_t)got;
	close(fd);
	buffer[have] = '\0';
	return got >= 0;
}

void scenario_wait_blocked(pid_t tid, long number)
{
	char path[64];
	char text[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)tid);
	for (unsigned int tries = 0; tries < 2000; tries++) {
		long found = -1;

		if (read_small_file(path, text, sizeof(text)) && text[0] >= '0' && text[0] <= '9')
			found = strtol(text, NULL, 10);
		if (found == number || found == SYS_restart_syscall)
			return;
		scenario_sleep_ms(2);
	}
	scenario_fail("thread %d did not block in system call %ld, but is in: %s", (int)tid, number, text);
}

void scenario_status_field(const char *key, char *buffer, size_t size)
{
	char path[64];
	char text[8192];
	size_t key_length = strlen(key);
	char *line;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)syscall(SYS_gettid));
	if (!read_small_file(path, text, sizeof(text)))
		scenario_fail("cannot read %s: %s", path, strerror(errno));
	for (line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *value;

		if (strncmp(line, key, key_length) != 0 || line[key_length] != ':')
			continue;
		value = line + key_length + 1;
		value += strspn(value, " \t");
		snprintf(buffer, size, "%.*s", (int)strcspn(value, "\n"), value);
		return;
	}
	scenario_fail("no %s in %s", key, path);
}

void scenario_copy_program(int to)
{
	int from = scenario_call(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));

	while (scenario_call(sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	close(from);
}
