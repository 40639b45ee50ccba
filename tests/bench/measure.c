/* SPDX-License-Identifier: MIT */
/*
 * Runs commands in turn, round after round, and prints for each one line:
 *
 *   MEDIAN MIN MAX CPU RSS
 *
 * the first three are the wall time in milliseconds, then the median of the processor time of all its
 * threads, in milliseconds, and the largest resident size in KiB.
 *
 *   measure [-w MIB] ROUNDS COMMAND [ARGUMENT]... [-- COMMAND [ARGUMENT]...]...
 *
 * -w: before each command MIB of memory are used and given back. The host of a virtual machine may have taken
 * free memory away (free page reporting of virtio_balloon), and bringing it back takes ten times as long as
 * all that the command does with it; or not, if somebody else has used it just before. So that the figures
 * say how fast the commands are, it is there.
 *
 * A command that fails ends it all. What a command leaves behind (a program that it restored) becomes a child
 * of this process, which buries it as soon as the next command has ended it.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 8
#define TIME_LIMIT_SECONDS 120

extern char **environ;

struct command {
	char **argv;
	double *times_ms; /* these two: one a round */
	double *cpu_ms;
	long rss_kib;
};

static volatile pid_t running;

static void fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void end_running(int signal)
{
	(void)signal;
	kill(running, SIGKILL);
}

static void bury_the_dead(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static double timeval_ms(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

/* In a process of its own, whose size is not taken for that of a command. */
static void warm_memory(size_t size)
{
	pid_t pid = fork();
	void *memory;

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
			      -1, 0);
		_exit(memory == MAP_FAILED);
	}
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
}

static void run(struct command *command, int round)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	double start = now_ms(), end;
	pid_t pid;
	int status;

	/* standard output is for the figures */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	errno = posix_spawnp(&pid, command->argv[0], &actions, NULL, command->argv, environ);
	if (errno != 0)
		fail(command->argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	running = pid;
	alarm(TIME_LIMIT_SECONDS);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			fail("wait4");
	end = now_ms();
	alarm(0);
	bury_the_dead();
	if (status != 0) {
		fprintf(stderr, "measure: '%s' has ended with %s %d\n", command->argv[0],
			WIFEXITED(status) ? "status" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		exit(EXIT_FAILURE);
	}
	if (usage.ru_maxrss > command->rss_kib)
		command->rss_kib = usage.ru_maxrss;
	command->times_ms[round] = end - start;
	command->cpu_ms[round] = timeval_ms(usage.ru_utime) + timeval_ms(usage.ru_stime);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double sort_for_median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return (values[count / 2] + values[(count - 1) / 2]) / 2;
}

static void report(const struct command *command, int rounds)
{
	double median = sort_for_median(command->times_ms, rounds);

	printf("%.2f %.2f %.2f %.2f %ld\n", median, command->times_ms[0], command->times_ms[rounds - 1],
	       sort_for_median(command->cpu_ms, rounds), command->rss_kib);
}

/* Splits ARGV at each "--"; returns the number of commands. */
static int split(char **argv, int rounds, struct command *commands)
{
	int count = 0;

	while (*argv) {
		if (count == COMMANDS_MAX || strcmp(*argv, "--") == 0) {
			errno = EINVAL;
			fail("commands");
		}
		commands[count].argv = argv;
		commands[count].times_ms = calloc((size_t)rounds, sizeof(double));
		commands[count].cpu_ms = calloc((size_t)rounds, sizeof(double));
		if (!commands[count].times_ms || !commands[count].cpu_ms)
			fail("calloc");
		count++;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return count;
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX] = {0};
	size_t warm_size = 0;
	int rounds, count;

	if (argc > 2 && strcmp(argv[1], "-w") == 0) {
		warm_size = (size_t)atol(argv[2]) << 20;
		argc -= 2, argv += 2;
	}
	rounds = argc > 2 ? atoi(argv[1]) : 0;
	if (rounds < 1) {
		fprintf(stderr, "usage: measure [-w MIB] ROUNDS COMMAND [ARGUMENT]... [-- COMMAND "
				"[ARGUMENT]...]...\n");
		return 2;
	}
	count = split(argv + 2, rounds, commands);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGALRM, end_running);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			if (warm_size > 0)
				warm_memory(warm_size);
			run(&commands[i], round);
		}
	for (int i = 0; i < count; i++)
		report(&commands[i], rounds);
	return EXIT_SUCCESS;
}
