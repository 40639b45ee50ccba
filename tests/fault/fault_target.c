/* SPDX-License-Identifier: MIT */
/*
 * A program that checks all the time what a dump must not change, and notes the first difference on its
 * board.
 *
 *   fault_target BOARD SHAPE default|ignored|handled|pending
 *
 * SHAPE is a list of words. single: one thread does everything in turn; threads: each activity has a thread;
 * open: so too, and none of them blocks SIGURG; no-vdso: it has unmapped that; tight: RLIMIT_AS lets it map
 * nothing more. The last word is what becomes of SIGTRAP, a signal that a debugger's tricks tend to lose.
 * Beside BOARD it makes a file BOARD.data.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/fault_board.h"
#include "tests/fault/fault_queue.h"
#include "tests/fault/fault_registers.h"

/* How long a wait may take beyond its time: the machine is busy, and a dump freezes. A forgotten wake-up is
 * longer. */
#define LATENESS_MAX_MS 10000
#define WAIT_MS 15
#define SIGNAL_DELAY_US 5000
#define STORM_US 300
#define STORM_TURNS 20000
#define COMPUTE_TURNS 150000
#define ALTERNATE_STACK_SIZE 65536
#define BALLAST_SIZE (1 << 20)
#define FILE_BLOCK 4096
#define FILE_BLOCKS 4

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

struct worker {
	struct fault_slot *slot;
	const struct activity *activity; /* NULL: all of them in turn */
	struct register_bank bank;
	timer_t timer;
	sigset_t mask; /* what it must find its signal mask to be */
	char *alternate_stack;
	uint64_t seed;
	int fd;
	int futex;
};

struct activity {
	const char *name;
	void (*begin)(struct worker *worker);
	void (*step)(struct worker *worker);
	bool changes_mask; /* while it runs, another mask is in force at times */
	bool needs_thread;
};

static struct fault_board *board;
static _Thread_local volatile sig_atomic_t handled_alarms, handled_users, handled_traps;
static _Thread_local char *own_alternate_stack;
static bool is_open, is_tight, has_vdso = true, has_trap_handler, has_trap_pending;
static char data_path[256];

__attribute__((format(printf, 1, 2))) static void wrong(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	if (atomic_fetch_add(&board->error_count, 1) == 0) {
		va_start(arguments, format);
		vsnprintf(board->error, sizeof(board->error), format, arguments);
		va_end(arguments);
	}
	errno = error;
}

static void fail(const char *what)
{
	fprintf(stderr, "fault_target: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* Room for the executor behind the end of the code, whatever the compiler has made of it. */
__asm__(".pushsection .text_tail,\"ax\",@progbits\n"
	".balign 4096\n"
	"ret\n"
	".popsection");

/* Nothing but clock_gettime() has asked it for the time. */
static void unmap_vdso(void)
{
	has_vdso = false;
	if (munmap((void *)getauxval(AT_SYSINFO_EHDR), 0x2000) < 0)
		fail("munmap");
}

static int64_t now_ns(void)
{
	struct timespec now;

	if (has_vdso)
		clock_gettime(CLOCK_MONOTONIC, &now);
	else
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void check_duration(const char *what, int64_t start_ns, int wanted_ms)
{
	int64_t took_ns = now_ns() - start_ns;
	int64_t late_ms = took_ns / 1000000 - wanted_ms;

	if (late_ms > board->worst_lateness_ms)
		board->worst_lateness_ms = (uint32_t)late_ms;
	if (took_ns < wanted_ms * INT64_C(1000000) || (late_ms > LATENESS_MAX_MS && !board->is_patient))
		wrong("%s: took %.3f ms instead of %d", what, (double)took_ns / 1e6, wanted_ms);
}

static void check_mask(struct worker *worker)
{
	sigset_t mask;

	sigemptyset(&mask);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < 65; number++)
		if (sigismember(&mask, number) != sigismember(&worker->mask, number))
			wrong("%s: signal %d is %s in its mask", worker->slot->name, number,
			      sigismember(&mask, number) ? "now" : "no longer");
}

static uint64_t next_random(struct worker *worker)
{
	worker->seed ^= worker->seed << 13;
	worker->seed ^= worker->seed >> 7;
	worker->seed ^= worker->seed << 17;
	return worker->seed;
}

static void check_registers(struct worker *worker, uint64_t turns)
{
	struct register_bank *bank = &worker->bank;
	struct register_values *given = &bank->given, *found = &bank->found;
	uint64_t *words = (uint64_t *)given;

	for (size_t i = 0; i < sizeof(*given) / sizeof(*words); i++)
		words[i] = next_random(worker);
	given->general[2] = 0;
	given->flags = (given->flags & 0xd5) | 2;         /* what sahf sets */
	given->mxcsr = 0x1f80 | (given->mxcsr & 3) << 13; /* all rounding modes, no exceptions */
	if (!bank->has_avx)
		for (size_t i = 0; i < 16; i++)
			memset(&given->vectors[i][16], 0, 16);
	memset(found, 0, sizeof(*found));
	bank->turns = turns;
	register_bank_hold(bank);
	__asm__ volatile("ldmxcsr %0" : : "m"((uint32_t){0x1f80}));
	for (size_t i = 0; i < 15; i++)
		if (given->general[i] != found->general[i])
			wrong("%s: general register %zu is %#jx instead of %#jx", worker->slot->name, i,
			      (uintmax_t)found->general[i], (uintmax_t)given->general[i]);
	for (size_t i = 0; i < 16; i++) {
		if (memcmp(given->vectors[i], found->vectors[i], 32) != 0)
			wrong("%s: vector register %zu has changed", worker->slot->name, i);
		if (given->red_zone[i] != found->red_zone[i])
			wrong("%s: the red zone has changed", worker->slot->name);
	}
	if (given->flags != found->flags)
		wrong("%s: flags %#jx instead of %#jx", worker->slot->name, (uintmax_t)found->flags,
		      (uintmax_t)given->flags);
	if (given->mxcsr != found->mxcsr)
		wrong("%s: mxcsr has changed", worker->slot->name);
}

static void compute_step(struct worker *worker)
{
	check_registers(worker, COMPUTE_TURNS);
	usleep(100);
}

static void nanosleep_step(struct worker *worker)
{
	struct timespec time = {.tv_nsec = WAIT_MS * 1000000};
	int64_t start_ns = now_ns();

	(void)worker;
	if (nanosleep(&time, NULL) < 0)
		wrong("nanosleep: %s", strerror(errno));
	check_duration("nanosleep", start_ns, WAIT_MS);
	start_ns = now_ns();
	if ((errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL)) != 0)
		wrong("clock_nanosleep: %s", strerror(errno));
	check_duration("clock_nanosleep", start_ns, WAIT_MS);
}

static void check_timeout(const char *what, int result, int64_t start_ns)
{
	if (result != 0)
		wrong("%s: returned %d, %s", what, result, strerror(errno));
	check_duration(what, start_ns, WAIT_MS);
}

static void poll_step(struct worker *worker)
{
	struct timespec time = {.tv_nsec = WAIT_MS * 1000000};
	struct timeval old_time = {.tv_usec = WAIT_MS * 1000};
	int64_t start_ns = now_ns();

	check_timeout("poll", poll(NULL, 0, WAIT_MS), start_ns);
	start_ns = now_ns();
	check_timeout("ppoll", ppoll(NULL, 0, &time, &worker->mask), start_ns);
	start_ns = now_ns();
	check_timeout("select", select(0, NULL, NULL, NULL, &old_time), start_ns);
	check_mask(worker);
}

static void futex_step(struct worker *worker)
{
	struct timespec time = {.tv_nsec = WAIT_MS * 1000000};
	int64_t start_ns = now_ns();

	if (syscall(SYS_futex, &worker->futex, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0) == 0 ||
	    errno != ETIMEDOUT)
		wrong("futex: %s instead of a time-out", strerror(errno));
	check_duration("futex", start_ns, WAIT_MS);
}

static void arm_timer(struct worker *worker, long delay_us)
{
	struct itimerspec time = {.it_value.tv_nsec = delay_us * 1000};

	/* Again after a while: a handler may run just before a call that is begun anew. */
	if (delay_us > 0)
		time.it_interval.tv_nsec = 200000000;
	if (timer_settime(worker->timer, 0, &time, NULL) < 0)
		wrong("timer_settime: %s", strerror(errno));
}

static void timer_begin(struct worker *worker)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &worker->timer) < 0)
		fail("timer_create");
}

static void sigwait_step(struct worker *worker)
{
	struct timespec time = {.tv_sec = 1}, none = {0};
	int64_t start_ns = now_ns();
	sigset_t user;
	int result;

	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	arm_timer(worker, SIGNAL_DELAY_US);
	result = sigtimedwait(&user, NULL, &time);
	if (result < 0 && errno == EINTR)
		atomic_fetch_add(&board->stop_interruptions, 1);
	else if (result != SIGUSR1)
		wrong("sigtimedwait: returned %d, %s", result, strerror(errno));
	else if (now_ns() - start_ns < SIGNAL_DELAY_US * INT64_C(1000))
		wrong("sigtimedwait: the signal came too early");
	arm_timer(worker, 0);
	while (sigtimedwait(&user, NULL, &none) == SIGUSR1)
		continue;

	time = (struct timespec){.tv_nsec = WAIT_MS * 1000000};
	start_ns = now_ns();
	result = sigtimedwait(&user, NULL, &time);
	if (result < 0 && errno == EINTR)
		atomic_fetch_add(&board->stop_interruptions, 1);
	else if (result >= 0 || errno != EAGAIN)
		wrong("sigtimedwait: returned %d, %s, instead of a time-out", result, strerror(errno));
	else
		check_duration("sigtimedwait", start_ns, WAIT_MS);
	check_mask(worker);
}

static void sigsuspend_step(struct worker *worker)
{
	sigset_t mask = worker->mask, user;
	struct timespec none = {0};
	sig_atomic_t before = handled_users;

	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	sigdelset(&mask, SIGUSR1);
	arm_timer(worker, SIGNAL_DELAY_US);
	if (sigsuspend(&mask) == 0 || errno != EINTR)
		wrong("sigsuspend: %s", strerror(errno));
	if (handled_users == before)
		wrong("sigsuspend: returned without a signal");
	check_mask(worker);
	arm_timer(worker, 0);
	while (sigtimedwait(&user, NULL, &none) == SIGUSR1)
		continue;

	before = handled_users;
	arm_timer(worker, SIGNAL_DELAY_US);
	pthread_sigmask(SIG_UNBLOCK, &user, NULL);
	pause();
	if (handled_users == before)
		wrong("pause: returned without a signal");
	pthread_sigmask(SIG_BLOCK, &user, NULL);
	check_mask(worker);
	arm_timer(worker, 0);
	while (sigtimedwait(&user, NULL, &none) == SIGUSR1)
		continue;
}

static void handle_alarm(int number)
{
	volatile char deep[8192];
	sigset_t mask;

	deep[0] = deep[sizeof(deep) - 1] = (char)number;
	if ((char *)deep < own_alternate_stack || (char *)deep >= own_alternate_stack + ALTERNATE_STACK_SIZE)
		wrong("SIGALRM: its handler is not on the alternate stack");
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	if (!sigismember(&mask, SIGALRM) || !sigismember(&mask, SIGUSR2))
		wrong("SIGALRM: its handler runs with another mask");
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm7, %%xmm7\n\tpxor %%xmm15, %%xmm15"
			 :
			 :
			 : "xmm0", "xmm7", "xmm15");
	handled_alarms++;
}

static void storm_step(struct worker *worker)
{
	struct itimerval timer = {{0, STORM_US}, {0, STORM_US}};
	sig_atomic_t before = handled_alarms;
	int64_t end_ns = now_ns() + LATENESS_MAX_MS * INT64_C(1000000);
	sigset_t set;
	stack_t stack;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	/* Longer where the processor is so quick that no alarm may come, or while we were not there. */
	for (int i = 0; i < 50 || (handled_alarms == before && now_ns() < end_ns); i++) {
		check_registers(worker, STORM_TURNS);
		if (sigaltstack(NULL, &stack) < 0 || stack.ss_sp != worker->alternate_stack ||
		    stack.ss_size != ALTERNATE_STACK_SIZE || (unsigned)stack.ss_flags != SS_AUTODISARM)
			wrong("storm: the alternate stack is %p, flags %#x, instead of %p", stack.ss_sp,
			      (unsigned)stack.ss_flags, (void *)worker->alternate_stack);
	}
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	check_mask(worker);
	if (handled_alarms == before)
		wrong("storm: not one alarm was handled");
}

static void clock_step(struct worker *worker)
{
	int64_t last = now_ns();

	(void)worker;
	for (int i = 0; i < 5000; i++) {
		int64_t now = now_ns();

		if (now < last)
			wrong("clock_gettime: went back by %jd ns", (intmax_t)(last - now));
		last = now;
	}
	usleep(200);
}

static void cpu_step(struct worker *worker)
{
	(void)worker;
	for (int i = 0; i < 2000; i++) {
		int processor = sched_getcpu();

		if (processor < 0 || processor >= CPU_SETSIZE)
			wrong("sched_getcpu: returned %d", processor);
	}
	usleep(200);
}

static void file_begin(struct worker *worker)
{
	char block[FILE_BLOCK] = {0};

	worker->fd = open(data_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (worker->fd < 0)
		fail(data_path);
	for (int i = 0; i < FILE_BLOCKS; i++)
		if (write(worker->fd, block, sizeof(block)) != sizeof(block))
			fail(data_path);
}

static void file_step(struct worker *worker)
{
	char block[FILE_BLOCK], again[FILE_BLOCK];

	if (lseek(worker->fd, 0, SEEK_SET) != 0)
		wrong("lseek: %s", strerror(errno));
	for (off_t at = 0; at < FILE_BLOCKS * FILE_BLOCK; at += FILE_BLOCK) {
		memset(block, (int)next_random(worker), sizeof(block));
		if (write(worker->fd, block, FILE_BLOCK) != FILE_BLOCK)
			wrong("write: %s", strerror(errno));
		if (lseek(worker->fd, 0, SEEK_CUR) != at + FILE_BLOCK)
			wrong("write: the offset is wrong");
		if (lseek(worker->fd, at, SEEK_SET) != at ||
		    read(worker->fd, again, FILE_BLOCK) != FILE_BLOCK)
			wrong("read: %s", strerror(errno));
		if (memcmp(block, again, FILE_BLOCK) != 0)
			wrong("read: not what was written");
	}
	usleep(200);
}

static void masked_begin(struct worker *worker)
{
	uint64_t mask = ~UINT64_C(0);

	if (is_open)
		mask &= ~(UINT64_C(1) << (SIGURG - 1));
	/* the C library leaves out the two that it uses itself */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
	pthread_sigmask(SIG_SETMASK, NULL, &worker->mask);
	if (has_trap_pending)
		syscall(SYS_tgkill, getpid(), gettid(), SIGTRAP);
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2);
}

static void masked_step(struct worker *worker)
{
	uint64_t wanted = (uint64_t)has_trap_pending << (SIGTRAP - 1) | UINT64_C(1) << (SIGUSR2 - 1);
	uint64_t own = 0;

	check_mask(worker);
	if (syscall(SYS_rt_sigpending, &own, 8) < 0)
		wrong("sigpending: %s", strerror(errno));
	/* the alarm of another thread, or a SIGCONT, may be on its way */
	own &= ~(UINT64_C(1) << (SIGALRM - 1) | UINT64_C(1) << (SIGCONT - 1));
	if (own != wanted)
		wrong("masked: pending signals %#jx instead of %#jx", (uintmax_t)own, (uintmax_t)wanted);
	check_registers(worker, STORM_TURNS);
	usleep(200);
}

static void queue_begin(struct worker *worker)
{
	const char *failed = fault_queue_begin();

	(void)worker;
	if (failed)
		fail(failed);
}

static void queue_step(struct worker *worker)
{
	const char *trouble = fault_queue_check();

	(void)worker;
	if (trouble)
		wrong("queue: %s", trouble);
	usleep(500);
}

static void trap_step(struct worker *worker)
{
	sig_atomic_t before = handled_traps;

	if (has_trap_handler) {
		raise(SIGTRAP);
		if (handled_traps == before)
			wrong("SIGTRAP: was raised and not handled");
	}
	check_mask(worker);
	usleep(500);
}

static const struct activity activities[] = {
	{"compute", NULL, compute_step, false, false},
	{"nanosleep", NULL, nanosleep_step, false, false},
	{"poll", NULL, poll_step, false, false},
	{"futex", NULL, futex_step, false, false},
	{"sigtimedwait", timer_begin, sigwait_step, true, false},
	{"sigsuspend", timer_begin, sigsuspend_step, true, false},
	{"storm", NULL, storm_step, true, false},
	{"clock", NULL, clock_step, false, false},
	{"cpu", NULL, cpu_step, false, false},
	{"file", file_begin, file_step, false, false},
	{"queue", queue_begin, queue_step, false, false},
	{"trap", NULL, trap_step, false, false},
	{"masked", masked_begin, masked_step, false, true},
};
#define ACTIVITY_COUNT (sizeof(activities) / sizeof(activities[0]))

static void handle_user(int number)
{
	(void)number;
	handled_users++;
}

static void handle_trap(int number)
{
	(void)number;
	handled_traps++;
}

static void worker_begin(struct worker *worker)
{
	stack_t stack = {.ss_size = ALTERNATE_STACK_SIZE, .ss_flags = (int)SS_AUTODISARM};

	worker->bank.has_avx = __builtin_cpu_supports("avx") ? 1 : 0;
	worker->slot->tid = gettid();
	worker->seed = 88172645463325252U + (uint64_t)worker->slot->tid;
	worker->alternate_stack =
		mmap(NULL, ALTERNATE_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (worker->alternate_stack == MAP_FAILED)
		fail("mmap");
	own_alternate_stack = stack.ss_sp = worker->alternate_stack;
	if (sigaltstack(&stack, NULL) < 0)
		fail("sigaltstack");
	sigemptyset(&worker->mask);
	sigaddset(&worker->mask, SIGALRM);
	sigaddset(&worker->mask, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &worker->mask, NULL);
}

/* When all have what they need: leaves no room in the address space, but for whoever may raise the limit. */
static void tighten(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	struct rlimit limit;
	unsigned long pages;

	while (board->is_ready < board->slot_count - 1)
		sched_yield();
	if (!file || fscanf(file, "%lu", &pages) != 1)
		fail("statm");
	fclose(file);
	limit = (struct rlimit){pages * 4096, pages * 4096 + (1 << 20)};
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		fail("setrlimit");
}

static void *work(void *data)
{
	struct worker *worker = data;
	const struct activity *first = worker->activity ? worker->activity : activities;
	const struct activity *end = worker->activity ? worker->activity + 1 : activities + ACTIVITY_COUNT;

	worker_begin(worker);
	worker->slot->keeps_mask = worker->activity && !worker->activity->changes_mask;
	for (const struct activity *at = first; at < end; at++)
		if (at->begin && (worker->activity || !at->needs_thread) &&
		    (at == first || at->begin != at[-1].begin))
			at->begin(worker);
	if (is_tight && first == activities)
		tighten();
	atomic_fetch_add(&board->is_ready, 1);
	for (const struct activity *at = first;; at = at + 1 == end ? first : at + 1) {
		if (!worker->activity && at->needs_thread)
			continue;
		at->step(worker);
		atomic_fetch_add(&worker->slot->beats, 1);
	}
	return NULL;
}

static void set_handler(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaddset(&action.sa_mask, SIGUSR2);
	if (sigaction(number, &action, NULL) < 0)
		fail("sigaction");
}

static void map_board(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*board)) < 0)
		fail(path);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		fail(path);
	close(fd);
}

/* Memory that does not compress, so that writing it takes a while. */
static void hold_ballast(void)
{
	struct worker random = {.seed = 1234567};
	uint64_t *words =
		mmap(NULL, BALLAST_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (words == MAP_FAILED)
		fail("mmap");
	for (size_t i = 0; i < BALLAST_SIZE / sizeof(*words); i++)
		words[i] = next_random(&random);
}

static void start_worker(const char *name, const struct activity *activity, size_t index)
{
	struct worker *worker = aligned_alloc(64, (sizeof(*worker) + 63) / 64 * 64);
	pthread_t thread;

	if (!worker)
		fail("memory");
	memset(worker, 0, sizeof(*worker));
	worker->slot = &board->slots[index];
	worker->activity = activity;
	strncpy(worker->slot->name, name, sizeof(worker->slot->name) - 1);
	if (!activity || activity == activities)
		return (void)work(worker);
	if ((errno = pthread_create(&thread, NULL, work, worker)) != 0)
		fail("pthread_create");
}

int main(int argc, char **argv)
{
	sigset_t alarm_set = {0};

	if (argc != 4)
		return EXIT_FAILURE;
	/* what whoever started us has left open could not be dumped */
	close_range(3, ~0U, 0);
	/* until each thread has a stack for it */
	sigaddset(&alarm_set, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm_set, NULL);
	map_board(argv[1]);
	snprintf(data_path, sizeof(data_path), "%s.data", argv[1]);
	hold_ballast();
	is_open = strstr(argv[2], "open");
	is_tight = strstr(argv[2], "tight");
	if (strstr(argv[2], "no-vdso"))
		unmap_vdso();
	has_trap_handler = strcmp(argv[3], "handled") == 0;
	has_trap_pending = strcmp(argv[3], "pending") == 0;
	set_handler(SIGALRM, handle_alarm, SA_ONSTACK | SA_RESTART);
	set_handler(SIGUSR1, handle_user, 0);
	if (has_trap_handler)
		set_handler(SIGTRAP, handle_trap, 0);
	else if (strcmp(argv[3], "ignored") == 0)
		set_handler(SIGTRAP, SIG_IGN, 0);
	board->slot_count = strstr(argv[2], "single") ? 1 : ACTIVITY_COUNT;
	if (board->slot_count == 1)
		start_worker("all", NULL, 0);
	else /* the first takes the main thread, and comes last */
		for (size_t i = ACTIVITY_COUNT; i-- > 0;)
			start_worker(activities[i].name, &activities[i], i);
	return EXIT_SUCCESS;
}
