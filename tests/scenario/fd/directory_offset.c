/* SPDX-License-Identifier: MIT */
/* A directory read half way is read on from there, each entry once. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

#define ENTRIES 300

static unsigned int seen[ENTRIES];

/* Reads entries with a small buffer until LIMIT were seen or none are left. */
static unsigned int read_entries(int fd, unsigned int limit)
{
	char buffer[512];
	unsigned int count = 0;

	while (count < limit) {
		long size = scenario_call(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));

		if (size == 0)
			break;
		for (long at = 0; at < size;) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);

			if (entry->d_name[0] == 'e')
				seen[atoi(entry->d_name + 1) % ENTRIES]++;
			count++;
			at += entry->d_reclen;
		}
	}
	return count;
}

int main(void)
{
	DIR *directory;
	struct dirent *entry;
	char name[32], next[256];
	long place;
	int fd;

	scenario_call(mkdir("directory", 0755));
	for (int i = 0; i < ENTRIES; i++) {
		sprintf(name, "directory/e%d", i);
		scenario_create(name, 0600);
	}
	fd = scenario_call(open("directory", O_RDONLY | O_DIRECTORY));
	read_entries(fd, ENTRIES / 2);
	directory = opendir("directory");
	scenario_check(directory);
	for (int i = 0; i < 100; i++)
		scenario_check(readdir(directory));
	place = telldir(directory);
	entry = readdir(directory);
	scenario_check(entry);
	strcpy(next, entry->d_name);
	seekdir(directory, place);
	scenario_checkpoint();
	entry = readdir(directory);
	scenario_check(entry && strcmp(entry->d_name, next) == 0);
	closedir(directory);
	read_entries(fd, ENTRIES * 2);
	for (int i = 0; i < ENTRIES; i++)
		if (seen[i] != 1)
			scenario_fail("entry %d was seen %u times", i, seen[i]);
	scenario_check_equal(lseek(fd, 0, SEEK_SET), 0);
	scenario_check_equal(read_entries(fd, ENTRIES * 2), ENTRIES + 2);
	scenario_pass();
}
