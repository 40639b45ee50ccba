/* SPDX-License-Identifier: MIT */
/* A pipeline of processes, of which the parent has kept no end: data, waits and the end of files come
 * through. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "pipes.h"

#define NUMBERS 20000

static struct pipe_pair first, second, start, done;

static void keep_only(int in, int out)
{
	int in_copy = fcntl(in, F_DUPFD, 50), out_copy = fcntl(out, F_DUPFD, 60);

	scenario_call(syscall(SYS_close_range, 3, 49, 0));
	scenario_check_equal(dup2(in_copy, 10), 10);
	scenario_check_equal(dup2(out_copy, 11), 11);
	scenario_call(syscall(SYS_close_range, 50, 70, 0));
}

static void read_fully(int fd, void *data, size_t size)
{
	for (size_t done_bytes = 0; done_bytes < size;) {
		ssize_t count = scenario_call(read(fd, (char *)data + done_bytes, size - done_bytes));

		scenario_check(count > 0);
		done_bytes += (size_t)count;
	}
}

/* Fills its pipe at once; waits for room when the filter has stopped reading. */
static void produce(void)
{
	for (uint32_t i = 0; i < NUMBERS; i++)
		pipes_write(11, &i, sizeof(i));
	_exit(7);
}

/* Lets some through, and the rest when it is told to. */
static void filter(void)
{
	uint32_t number;

	for (int i = 0; i < NUMBERS; i++) {
		char byte;

		if (i == 100)
			scenario_check_equal(read(40, &byte, 1), 1);
		read_fully(10, &number, sizeof(number));
		number *= 2;
		pipes_write(11, &number, sizeof(number));
	}
	scenario_check_equal(read(10, &number, 1), 0);
	_exit(8);
}

static void consume(void)
{
	uint32_t number, expected = 0;
	ssize_t count;

	while ((count = read(10, &number, sizeof(number))) > 0) {
		read_fully(10, (char *)&number + count, sizeof(number) - (size_t)count);
		scenario_check_equal(number, expected);
		expected += 2;
	}
	pipes_write(11, &expected, sizeof(expected));
	_exit(9);
}

static pid_t begin(int in, int out, void (*work)(void))
{
	pid_t pid = scenario_call(fork());

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (work == filter)
			scenario_check_equal(fcntl(start.read_fd, F_DUPFD, 80), 80);
		keep_only(in, out);
		if (work == filter) {
			scenario_check_equal(dup2(80, 40), 40);
			close(80);
		}
		work();
	}
	return pid;
}

static void wait_blocked(pid_t pid, const char *number)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	for (int tries = 0; tries < 2000; tries++) {
		FILE *file = fopen(path, "re");

		if (file && fgets(text, sizeof(text), file) && strncmp(text, number, strlen(number)) == 0) {
			fclose(file);
			return;
		}
		if (file)
			fclose(file);
		scenario_sleep_ms(2);
	}
	scenario_fail("process %d is in: %s", (int)pid, text);
}

static void check_status(pid_t pid, int expected)
{
	int status;

	scenario_check_equal(waitpid(pid, &status, 0), pid);
	scenario_check(WIFEXITED(status));
	scenario_check_equal(WEXITSTATUS(status), expected);
}

int main(void)
{
	pid_t producer, filterer, consumer;
	uint32_t total = 0;

	first = pipes_make(0);
	second = pipes_make(0);
	start = pipes_make(0);
	done = pipes_make(0);
	consumer = begin(second.read_fd, done.write_fd, consume);
	filterer = begin(first.read_fd, second.write_fd, filter);
	producer = begin(first.read_fd, first.write_fd, produce);
	close(first.read_fd);
	close(first.write_fd);
	close(second.read_fd);
	close(second.write_fd);
	close(start.read_fd);
	close(done.write_fd);
	wait_blocked(producer, "1 ");
	wait_blocked(filterer, "0 0x28");
	wait_blocked(consumer, "0 0xa");

	scenario_checkpoint();
	pipes_write(start.write_fd, "x", 1);
	read_fully(done.read_fd, &total, sizeof(total));
	scenario_check_equal(total, NUMBERS * 2);
	pipes_check_end(done.read_fd);
	check_status(producer, 7);
	check_status(filterer, 8);
	check_status(consumer, 9);
	scenario_pass();
}
