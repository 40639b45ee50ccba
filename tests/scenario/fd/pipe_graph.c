/* SPDX-License-Identifier: MIT */
/* Pipes with all sorts of contents, whose ends are spread over processes at random: every byte comes through,
 * once. */
/* timeout: 60 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "pipes.h"

#define PIPES 24
#define CHILDREN 5
#define PROCESSES (CHILDREN + 1) /* the last is the parent */
#define WRITES 12
#define WRITE_MAX 5000

/* Known to all before they go apart. */
static struct {
	struct pipe_pair pair;
	bool reads[PROCESSES], writes[PROCESSES];
	size_t sizes[WRITES * 2]; /* of what one read(2) after the other gets */
	unsigned sizes_count, bytes;
	int capacity;
} pipes[PIPES];

static struct pipe_pair orders[CHILDREN], answers[CHILDREN];
static uint64_t random_state = 1;

static unsigned pick(unsigned below)
{
	random_state = random_state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(random_state >> 33) % below;
}

/* The byte at OFFSET of pipe INDEX. */
static char byte_at(unsigned index, unsigned offset)
{
	return (char)(offset * 2654435761U >> 13 ^ index * 37);
}

static void fill(unsigned index, bool is_packets)
{
	char data[WRITE_MAX];

	for (unsigned i = pick(WRITES); i > 0; i--) {
		size_t size = 1 + pick(pick(2) ? WRITE_MAX : 100), left;
		ssize_t written;

		for (unsigned at = 0; at < size; at++)
			data[at] = byte_at(index, pipes[index].bytes + at);
		written = write(pipes[index].pair.write_fd, data, size);
		if (written < 0)
			break;
		pipes[index].bytes += (unsigned)written;
		for (left = (size_t)written; is_packets && left > 0; left -= left < 4096 ? left : 4096)
			pipes[index].sizes[pipes[index].sizes_count++] = left < 4096 ? left : 4096;
	}
}

static void make(unsigned index)
{
	bool is_packets = pick(3) == 0;

	pipes[index].pair = pipes_make(O_NONBLOCK | (is_packets ? O_DIRECT : 0) | (pick(2) ? O_CLOEXEC : 0));
	pipes[index].capacity =
		scenario_call(fcntl(pipes[index].pair.write_fd, F_SETPIPE_SZ, 4096 << pick(6)));
	fill(index, is_packets);
	for (unsigned process = 0; process < PROCESSES; process++) {
		pipes[index].reads[process] = pick(PROCESSES) == 0;
		pipes[index].writes[process] = pick(PROCESSES) == 0;
	}
	/* What nobody can read cannot be verified. */
	pipes[index].reads[pick(PROCESSES)] = true;
}

static bool any(const bool *holds)
{
	for (unsigned process = 0; process < PROCESSES; process++)
		if (holds[process])
			return true;
	return false;
}

static unsigned first(const bool *holds)
{
	unsigned process = 0;

	while (!holds[process])
		process++;
	return process;
}

static void keep_own(unsigned process)
{
	for (unsigned i = 0; i < PIPES; i++) {
		if (!pipes[i].reads[process])
			close(pipes[i].pair.read_fd);
		if (!pipes[i].writes[process])
			close(pipes[i].pair.write_fd);
	}
}

/* Before anything is read: what each end tells. */
static void look(unsigned process)
{
	for (unsigned i = 0; i < PIPES; i++) {
		int expected = (pipes[i].bytes > 0 ? POLLIN : 0) | (any(pipes[i].writes) ? 0 : POLLHUP);

		if (pipes[i].reads[process]) {
			scenario_check_equal(pipes_poll(pipes[i].pair.read_fd), expected);
			scenario_check_equal(pipes_held(pipes[i].pair.read_fd), pipes[i].bytes);
			scenario_check_equal(fcntl(pipes[i].pair.read_fd, F_GETPIPE_SZ), pipes[i].capacity);
		}
		if (pipes[i].writes[process])
			scenario_check_equal(pipes_poll(pipes[i].pair.write_fd) & POLLERR, 0);
	}
}

static void drain(unsigned index)
{
	unsigned done = 0;

	for (unsigned i = 0; done < pipes[index].bytes; i++) {
		char data[65536];
		ssize_t size = scenario_call(read(pipes[index].pair.read_fd, data, sizeof(data)));

		scenario_check(size > 0);
		if (pipes[index].sizes_count > 0)
			scenario_check_equal(size, pipes[index].sizes[i]);
		for (ssize_t at = 0; at < size; at++)
			scenario_check(data[at] == byte_at(index, done + (unsigned)at));
		done += (unsigned)size;
	}
	if (any(pipes[index].writes))
		pipes_check_empty(pipes[index].pair.read_fd);
	else
		pipes_check_end(pipes[index].pair.read_fd);
}

/* The first that can reads all, and the others find nothing. */
static void take(unsigned process)
{
	for (unsigned i = 0; i < PIPES; i++)
		if (pipes[i].reads[process] && first(pipes[i].reads) == process)
			drain(i);
}

static void obey(unsigned process)
{
	char order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_own(process);
	for (;;) {
		pipes_write(answers[process].write_fd, "x", 1);
		scenario_check_equal(read(orders[process].read_fd, &order, 1), 1);
		if (order == 'l')
			look(process);
		else if (order == 't')
			take(process);
		else
			_exit(5);
	}
}

static void wait_for_all(void)
{
	for (unsigned i = 0; i < CHILDREN; i++)
		pipes_read_text(answers[i].read_fd, "x");
}

static void tell_all(const char *order)
{
	for (unsigned i = 0; i < CHILDREN; i++)
		pipes_write(orders[i].write_fd, order, 1);
}

int main(void)
{
	pid_t pids[CHILDREN];

	for (unsigned i = 0; i < PIPES; i++)
		make(i);
	for (unsigned i = 0; i < CHILDREN; i++) {
		orders[i] = pipes_make(0);
		answers[i] = pipes_make(0);
	}
	for (unsigned i = 0; i < CHILDREN; i++) {
		pids[i] = scenario_call(fork());
		if (pids[i] == 0)
			obey(i);
	}
	keep_own(CHILDREN);
	wait_for_all();

	scenario_checkpoint();
	tell_all("l");
	look(CHILDREN);
	wait_for_all();
	tell_all("t");
	take(CHILDREN);
	wait_for_all();
	tell_all("q");
	for (unsigned i = 0; i < CHILDREN; i++) {
		int status;

		scenario_check_equal(waitpid(pids[i], &status, 0), pids[i]);
		scenario_check_equal(status, 5 << 8);
	}
	scenario_pass();
}
