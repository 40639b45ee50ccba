/* SPDX-License-Identifier: MIT */
/* Whether a target has come to harm. */
#include "tests/fault/fault_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Two seconds are a long time, but not on a machine that has other work for as many processors as it has. */
#define PATIENCE_US 5000000
#define START_PATIENCE_US 5000000
#define FILE_SIZE_MAX 262144

int64_t watch_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

void watch_sleep_us(int64_t time_us)
{
	struct timespec time = {time_us / 1000000, time_us % 1000000 * 1000};

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		continue;
}

char *watch_read(pid_t pid, const char *name)
{
	char path[128], *text = malloc(FILE_SIZE_MAX);
	size_t size = 0;
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && text) {
		while ((got = read(fd, text + size, FILE_SIZE_MAX - 1 - size)) > 0)
			size += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* The value of KEY in a status file, into VALUE. */
static bool status_value(const char *status, const char *key, char *value, size_t size)
{
	const char *line = strstr(status, key);

	if (!line)
		return false;
	line += strlen(key);
	line += strspn(line, ":\t ");
	snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

__attribute__((format(printf, 2, 3))) static const char *harm(struct watched *watched, const char *format,
							      ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(watched->message, sizeof(watched->message), format, arguments);
	va_end(arguments);
	return watched->message;
}

static char *thread_status(const struct watched *watched, const struct fault_slot *slot)
{
	char name[64];

	snprintf(name, sizeof(name), "task/%d/status", slot->tid);
	return watch_read(watched->pid, name);
}

/* The state letter is looked for often: a thread may just be on its way into a stop. */
static const char *thread_harm(struct watched *watched, size_t index, bool is_stopped)
{
	const struct fault_slot *slot = &watched->board->slots[index];
	char *status = thread_status(watched, slot);
	char state[64], tracer[32], blocked[32];

	if (!status || !status_value(status, "State", state, sizeof(state)) ||
	    !status_value(status, "TracerPid", tracer, sizeof(tracer)) ||
	    !status_value(status, "SigBlk", blocked, sizeof(blocked))) {
		free(status);
		return harm(watched, "thread %s is gone", slot->name);
	}
	free(status);
	if (strcmp(tracer, "0") != 0)
		return harm(watched, "thread %s is traced by %s", slot->name, tracer);
	if (!strchr(is_stopped ? "T" : "RSD", state[0]))
		return harm(watched, "thread %s is in state %s", slot->name, state);
	if (slot->keeps_mask && !is_stopped && strcmp(blocked, watched->blocked[index]) != 0)
		return harm(watched, "thread %s blocks %s instead of %s", slot->name, blocked,
			    watched->blocked[index]);
	return NULL;
}

static char *signal_state(pid_t pid)
{
	char *status = watch_read(pid, "status"), *text = malloc(128);
	char ignored[32], caught[32];

	if (!status || !text || !status_value(status, "SigIgn", ignored, sizeof(ignored)) ||
	    !status_value(status, "SigCgt", caught, sizeof(caught))) {
		free(status);
		free(text);
		return NULL;
	}
	snprintf(text, 128, "ignored %s caught %s", ignored, caught);
	free(status);
	return text;
}

static const char *process_harm(struct watched *watched)
{
	char *maps = watch_read(watched->pid, "maps"), *signals = signal_state(watched->pid);
	const char *trouble = NULL;

	if (!maps || !signals)
		trouble = harm(watched, "the target is gone");
	else if (strcmp(signals, watched->signals) != 0)
		trouble = harm(watched, "signals: %s instead of %s", signals, watched->signals);
	else if (strcmp(maps, watched->maps) != 0)
		trouble =
			harm(watched, "its mappings have changed: %zu bytes in /proc/PID/maps instead of %zu",
			     strlen(maps), strlen(watched->maps));
	free(maps);
	free(signals);
	return trouble;
}

static const char *momentary_harm(struct watched *watched, bool is_stopped)
{
	for (size_t i = 0; i < watched->board->slot_count; i++) {
		const char *trouble = thread_harm(watched, i, is_stopped);

		if (trouble)
			return trouble;
	}
	/* One that is stopped may stand in the middle of putting itself right. */
	return is_stopped ? NULL : process_harm(watched);
}

static const char *standing_still(struct watched *watched, const uint64_t beats[], bool is_stopped)
{
	for (size_t i = 0; i < watched->board->slot_count && !is_stopped; i++)
		if (watched->board->slots[i].beats <= beats[i] + 1)
			return harm(watched, "thread %s makes no progress", watched->board->slots[i].name);
	return NULL;
}

const char *watched_harm(struct watched *watched, bool is_stopped)
{
	int64_t deadline_us = watch_now_us() + PATIENCE_US;
	uint64_t beats[FAULT_SLOTS_MAX];
	const char *trouble;
	int status;

	for (size_t i = 0; i < watched->board->slot_count; i++)
		beats[i] = watched->board->slots[i].beats;
	for (;;) {
		if (watched->is_child && waitpid(watched->pid, &status, WNOHANG) == watched->pid) {
			watched->pid = 0;
			return harm(watched, "the target has ended, status %#x; first error: %s", status,
				    watched->board->error_count ? watched->board->error : "none");
		}
		if (watched->board->error_count > 0) {
			watch_sleep_us(20000); /* it is counted first, written next */
			return harm(watched, "the target has noticed (%u times): %s",
				    watched->board->error_count, watched->board->error);
		}
		trouble = standing_still(watched, beats, is_stopped);
		if (!trouble)
			trouble = momentary_harm(watched, is_stopped);
		if (!trouble || watch_now_us() > deadline_us)
			return trouble;
		watch_sleep_us(1000);
	}
}

bool watched_is_stopped(struct watched *watched)
{
	for (size_t i = 0; i < watched->board->slot_count; i++) {
		char *status = thread_status(watched, &watched->board->slots[i]);
		bool is_stopped = status && strstr(status, "State:\tT");

		free(status);
		if (!is_stopped)
			return false;
	}
	return true;
}

static bool take_picture(struct watched *watched)
{
	watched->maps = watch_read(watched->pid, "maps");
	watched->signals = signal_state(watched->pid);
	for (size_t i = 0; i < watched->board->slot_count; i++) {
		char *status = thread_status(watched, &watched->board->slots[i]);

		if (status)
			status_value(status, "SigBlk", watched->blocked[i], sizeof(watched->blocked[i]));
		free(status);
	}
	return watched->maps && watched->signals;
}

static void forget_picture(struct watched *watched)
{
	free(watched->maps);
	free(watched->signals);
	watched->maps = watched->signals = NULL;
}

static bool map_board(struct watched *watched, const char *path)
{
	int64_t deadline_us = watch_now_us() + START_PATIENCE_US;
	int fd = -1;
	void *map;

	while (fd < 0 && watch_now_us() < deadline_us) {
		watch_sleep_us(1000);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && lseek(fd, 0, SEEK_END) < (off_t)sizeof(struct fault_board)) {
			close(fd);
			fd = -1;
		}
	}
	map = fd < 0 ? MAP_FAILED
		     : mmap(NULL, sizeof(struct fault_board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return harm(watched, "cannot map '%s'", path), false;
	watched->board = map;
	while (watch_now_us() < deadline_us) {
		/* the count stands there before the first of them begins */
		if (watched->board->slot_count > 0 && watched->board->is_ready == watched->board->slot_count)
			return true;
		watch_sleep_us(1000);
	}
	return harm(watched, "the target does not start"), false;
}

bool watched_start(struct watched *watched, const char *program, const char *board, const char *shape,
		   const char *sigtrap)
{
	bool is_init = getpid() == 1;
	const char *trouble;

	*watched = (struct watched){.is_child = true};
	unlink(board);
	watched->pid = fork();
	if (watched->pid < 0)
		return harm(watched, "fork: %s", strerror(errno)), false;
	if (watched->pid == 0) {
		int null = open("/dev/null", O_RDWR), log;
		char log_path[512];

		/* Ours may be a pipe, which would lead out of what is dumped. */
		snprintf(log_path, sizeof(log_path), "%s.log", board);
		log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

		/* In a pid namespace of ours it dies with us anyway, and is to outlive other parents. */
		if (!is_init)
			prctl(PR_SET_PDEATHSIG, SIGKILL);

		if (setsid() > 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(log, 2) == 2) {
			close(null);
			close(log);
			execl(program, program, board, shape, sigtrap, NULL);
		}
		_exit(127);
	}
	if (!map_board(watched, board))
		return false;
	if (!take_picture(watched))
		return harm(watched, "cannot read its /proc"), false;
	trouble = watched_harm(watched, false);
	return trouble == NULL;
}

bool watched_adopt(struct watched *watched, pid_t pid)
{
	watched->pid = pid;
	watched->is_child = false;
	forget_picture(watched);
	return take_picture(watched) || (harm(watched, "the target is gone"), false);
}

void watched_done(struct watched *watched)
{
	if (watched->pid > 0 && kill(watched->pid, SIGKILL) == 0 && watched->is_child)
		waitpid(watched->pid, NULL, 0);
	if (watched->board)
		munmap(watched->board, sizeof(*watched->board));
	forget_picture(watched);
	*watched = (struct watched){0};
}
