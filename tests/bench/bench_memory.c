/* SPDX-License-Identifier: MIT */
/*
 * A program of a given size that does nothing, to be dumped and restored; its memory is the same each time.
 *
 *   bench_memory [-s MIB] [-p PROCESSES] [-t THREADS] [-m MAPPINGS] [-f FILES] [-n CONNECTIONS] [-u PAIRS]
 * READY makes READY when all is there, then sleeps; the other ends of TCP connections are in a process that
 * is not below it, and ends with them; pairs of unix sockets have something in a queue bench_memory -s MIB -o
 * FILE                               writes the memory to FILE instead bench_memory -s MIB -c ROUNDS prints
 * how long memcpy(3) of it takes, as measure does
 *
 * In pieces of 256 KiB as large programs have them: text, records of numbers and pointers, samples that vary
 * little, pages of zeros, and what is compressed or encrypted.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE_SIZE (256UL << 10)
#define PIECE_WORDS (PIECE_SIZE / sizeof(uint64_t))
#define THREAD_STACK_SIZE (64UL << 10)

static uint64_t random_state;

static void fail(const char *what)
{
	fprintf(stderr, "bench_memory: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static uint64_t random_word(void)
{
	uint64_t value = random_state += 0x9e3779b97f4a7c15U;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
	value = (value ^ value >> 27) * 0x94d049bb133111ebU;
	return value ^ value >> 31;
}

static void *map_memory(size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	return memory;
}

/* Words of an invented language: short ones are more frequent. */
static void fill_with_text(char *text)
{
	char *end = text + PIECE_SIZE;

	while (text < end) {
		uint64_t rank = random_word() % 2048 * (random_word() % 2048) / 2048;
		uint64_t letters = rank * 0x9e3779b97f4a7c15U ^ rank << 7;
		size_t length = 2 + rank % 9;

		for (size_t i = 0; i < length && text < end; i++, letters >>= 5)
			*text++ = "etaoinshrdlucmfwypvbgkqjxzetaoin"[letters & 31];
		if (text < end)
			*text++ = rank % 16 == 0 ? '\n' : ' ';
	}
}

/* As objects on a heap: type, reference count, two pointers to others nearby, a hash, small numbers. */
static void fill_with_records(uint64_t *words)
{
	const uint64_t heap = 0x00007f3a40000000U;

	for (size_t i = 0; i + 8 <= PIECE_WORDS; i += 8) {
		words[i] = 0x0000560000010000U + random_word() % 32 * 64;
		words[i + 1] = 1 + random_word() % 4;
		words[i + 2] = heap + i * 8 + random_word() % 4096 * 16;
		words[i + 3] = random_word() % 4 ? heap + random_word() % (1U << 24) * 16 : 0;
		words[i + 4] = random_word() % 2 ? random_word() : UINT64_MAX;
		words[i + 5] = random_word() % 1000;
		words[i + 6] = 0;
		words[i + 7] = i;
	}
}

static void fill_with_samples(uint16_t *samples)
{
	uint16_t value = 0x8000;

	for (size_t i = 0; i < PIECE_SIZE / sizeof(*samples); i++) {
		value = (uint16_t)(value + random_word() % 64 - 31);
		samples[i] = value;
	}
}

static void fill_with_noise(uint64_t *words)
{
	for (size_t i = 0; i < PIECE_WORDS; i++)
		words[i] = random_word();
}

static void fill(char *memory, size_t size)
{
	random_state = 1;
	for (size_t offset = 0; offset < size; offset += PIECE_SIZE) {
		void *piece = memory + offset;

		switch (random_word() % 20) {
		case 0 ... 5:
			fill_with_text(piece);
			break;
		case 6 ... 11:
			fill_with_records(piece);
			break;
		case 12 ... 13:
			fill_with_samples(piece);
			break;
		case 14 ... 16:
			fill_with_noise(piece);
			break;
		default:
			memset(piece, 0, PIECE_SIZE);
		}
	}
}

static void write_file(const char *path, const char *memory, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fail(path);
	for (size_t done = 0; done < size;) {
		ssize_t written = write(fd, memory + done, size - done);

		if (written < 0)
			fail(path);
		done += (size_t)written;
	}
	close(fd);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Into memory that is there already: what is measured is the copying. */
static void time_copies(const char *memory, size_t size, int rounds)
{
	double *times_ms = calloc((size_t)rounds, sizeof(*times_ms));
	char *copy = map_memory(size, PROT_READ | PROT_WRITE);

	if (!times_ms)
		fail("calloc");
	memset(copy, 1, size);
	for (int i = 0; i < rounds; i++) {
		struct timespec start, end;

		clock_gettime(CLOCK_MONOTONIC, &start);
		memcpy(copy, memory, size);
		clock_gettime(CLOCK_MONOTONIC, &end);
		times_ms[i] = (double)(end.tv_sec - start.tv_sec) * 1e3 +
			      (double)(end.tv_nsec - start.tv_nsec) / 1e6;
	}
	qsort(times_ms, (size_t)rounds, sizeof(*times_ms), compare);
	printf("%.2f %.2f %.2f %.2f 0\n", times_ms[rounds / 2], times_ms[0], times_ms[rounds - 1],
	       times_ms[rounds / 2]);
}

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* Children, which go with their parent. */
static void start_processes(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child > 0)
			continue;
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			fail("prctl");
		sleep_on(NULL);
	}
}

static void start_threads(int count)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_SIZE);
	for (int i = 0; i < count; i++) {
		errno = pthread_create(&thread, &attributes, sleep_on, NULL);
		if (errno != 0)
			fail("pthread_create");
	}
}

/* Of one page each; every second one is read-only, so that the kernel cannot join them. */
static void make_mappings(int count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *area = map_memory((size_t)count * page, PROT_READ | PROT_WRITE);

	for (int i = 0; i < count; i++) {
		area[(size_t)i * page] = (char)(1 + i % 100);
		if (i % 2 && mprotect(area + (size_t)i * page, page, PROT_READ) < 0)
			fail("mprotect");
	}
}

static void permit_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("setrlimit");
}

/* The same file, each time anew: each has a position of its own. */
static void open_files(const char *path, int count)
{
	permit_many_files();
	for (int i = 0; i < count; i++)
		if (open(path, O_RDONLY | O_CLOEXEC) < 0)
			fail(path);
}

#define CLIENT_LIFE_SECONDS 300

/* The other ends, until the program has gone. */
static void be_client(const struct sockaddr_in *address, int count)
{
	int fd = -1;
	char byte;

	alarm(CLIENT_LIFE_SECONDS);
	for (int i = 0; i < count; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
			fail("connect");
	}
	_exit(recv(fd, &byte, 1, 0) > 0);
}

static void make_pairs(int count)
{
	static const char request[] = "GET /index.html HTTP/1.0\r\n\r\n";
	int ends[2];

	permit_many_files();
	for (int i = 0; i < count; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
		    write(ends[0], request, sizeof(request)) < 0)
			fail("socketpair");
}

static void make_connections(int count)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);
	pid_t child;

	permit_many_files();
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, count) < 0 || getsockname(listener, (struct sockaddr *)&address, &size) < 0)
		fail("listen");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		close(listener);
		if (setsid() < 0 || fork() != 0)
			_exit(0);
		be_client(&address, count);
	}
	waitpid(child, NULL, 0);
	for (int i = 0; i < count; i++)
		if (accept(listener, NULL, NULL) < 0)
			fail("accept");
	close(listener);
}

int main(int argc, char **argv)
{
	size_t size = 0;
	int processes = 0, threads = 0, mappings = 0, files = 0, connections = 0, pairs = 0, rounds = 0,
	    option;
	const char *output = NULL;
	char *memory = NULL;

	while ((option = getopt(argc, argv, "s:p:t:m:f:n:u:o:c:")) != -1) {
		switch (option) {
		case 's':
			size = strtoul(optarg, NULL, 10) << 20;
			break;
		case 'p':
			processes = atoi(optarg);
			break;
		case 't':
			threads = atoi(optarg);
			break;
		case 'm':
			mappings = atoi(optarg);
			break;
		case 'f':
			files = atoi(optarg);
			break;
		case 'n':
			connections = atoi(optarg);
			break;
		case 'u':
			pairs = atoi(optarg);
			break;
		case 'o':
			output = optarg;
			break;
		case 'c':
			rounds = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (size > 0) {
		memory = map_memory(size, PROT_READ | PROT_WRITE);
		fill(memory, size);
	}
	if (output) {
		write_file(output, memory, size);
		return EXIT_SUCCESS;
	}
	if (rounds > 0) {
		time_copies(memory, size, rounds);
		return EXIT_SUCCESS;
	}
	if (optind + 1 != argc)
		return 2;
	open_files(argv[0], files); /* the processes have them too */
	start_processes(processes);
	start_threads(threads);
	if (mappings > 0)
		make_mappings(mappings);
	if (connections > 0)
		make_connections(connections);
	if (pairs > 0)
		make_pairs(pairs);
	write_file(argv[optind], "ready\n", 6);
	sleep_on(NULL);
}
