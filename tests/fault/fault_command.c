/* SPDX-License-Identifier: MIT */
/* Commands that are ended at a chosen moment. */
#include "tests/fault/fault_command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/fault_watch.h"

#define TIMEOUT_US 20000000

static void become(const struct command *command)
{
	int log = open(command->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (log > STDERR_FILENO)
		close(log);
	if (command->prepare && !command->prepare(command->data))
		_exit(COMMAND_CANNOT_PREPARE);
	execv(command->argv[0], command->argv);
	_exit(127);
}

/* Looks often at first, so that durations are not rounded up by much. */
static int wait_for(pid_t pid, int64_t deadline_us)
{
	int64_t pause_us = 50;
	int status;
	pid_t waited;

	while ((waited = waitpid(pid, &status, WNOHANG)) == 0) {
		if (watch_now_us() > deadline_us)
			kill(pid, SIGKILL);
		watch_sleep_us(pause_us);
		pause_us = pause_us < 2000 ? pause_us + pause_us / 8 : pause_us;
	}
	return waited == pid ? status : -1;
}

int command_run(const struct command *command, int64_t *ret_duration_us)
{
	int64_t start_us = watch_now_us();
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (pid == 0)
		become(command);
	if (command->signal) {
		watch_sleep_us(command->delay_us);
		kill(pid, command->signal);
	}
	status = wait_for(pid, start_us + TIMEOUT_US);
	if (ret_duration_us)
		*ret_duration_us = watch_now_us() - start_us;
	return status;
}

const char *command_said(const struct command *command)
{
	static char text[512];
	int fd = open(command->log, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = at[1] ? '|' : '\0';
	return text;
}

const char *command_status(int status)
{
	static char text[64];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit status %d", WEXITSTATUS(status));
	return text;
}

uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

uint64_t random_seed(void)
{
	const char *given = getenv("FAULT_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)watch_now_us() * 2654435761U;

	return seed ? seed : 1;
}
