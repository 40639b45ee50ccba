/* SPDX-License-Identifier: MIT */
/* Arguments and environment of a megabyte, with odd bytes and empty ones, are kept. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scenario.h"

#define WORDS 40
#define LENGTH 25000

extern char **environ;

static void make_word(char *word, unsigned int number)
{
	unsigned int length = number % 7 == 3 ? 0 : LENGTH - number;

	for (unsigned int i = 0; i < length; i++)
		word[i] = (char)(1 + (i * 31 + number) % 255);
	word[length] = '\0';
}

static void start_again(char *self)
{
	static char arguments[WORDS][LENGTH + 1], variables[WORDS][LENGTH + 16];
	char *argv[WORDS + 3] = {self, "again"}, *envp[WORDS + 2] = {0};
	static char status[64];
	size_t count = 0;

	snprintf(status, sizeof(status), "SCENARIO_PASS_STATUS=%s", getenv("SCENARIO_PASS_STATUS") ?: "0");
	envp[count++] = status;
	for (unsigned int i = 0; i < WORDS; i++) {
		make_word(arguments[i], i);
		argv[i + 2] = arguments[i];
		sprintf(variables[i], "V%u=", i);
		make_word(variables[i] + strlen(variables[i]), i + 100);
		envp[count++] = variables[i];
	}
	execve("/proc/self/exe", argv, envp);
	scenario_fail("execve: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	static char word[LENGTH + 16];

	if (argc == 1)
		start_again(argv[0]);
	scenario_checkpoint();
	scenario_check_equal(argc, WORDS + 2);
	for (unsigned int i = 0; i < WORDS; i++) {
		char name[16];

		make_word(word, i);
		scenario_check(strcmp(argv[i + 2], word) == 0);
		snprintf(name, sizeof(name), "V%u", i);
		make_word(word, i + 100);
		scenario_check(getenv(name) && strcmp(getenv(name), word) == 0);
	}
	scenario_pass();
}
