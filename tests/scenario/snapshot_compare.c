/* SPDX-License-Identifier: MIT */
/* Makes snapshots alike where they may differ, and compares them. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot_parts.h"

#define PRINTED_LENGTH 400

/* The number in a line about a pipe or socket: "...: pipe:[4711]", and of fdinfo "...: ino:	4711"; NULL if
 * it has none. */
static char *find_number(char *line, bool is_link)
{
	static const char *const links[] = {": pipe:[", ": socket:["}, *const inode = ": ino:\t";
	char *at;

	if (!is_link) {
		at = strstr(line, inode);
		return at ? at + strlen(inode) : NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		at = strstr(line, links[i]);
		if (at)
			return at + strlen(links[i]);
	}
	return NULL;
}

/* Writes the index of the number at AT, which grows by none of its digits, as "#7". */
static void replace_number(char *at, size_t index)
{
	char text[32];
	size_t digits = strspn(at, "0123456789"), length = (size_t)sprintf(text, "#%zu", index);

	/* The kernel's numbers are large, and indices small; were they not, it would be one more line that
	 * differs. */
	if (digits < length)
		return;
	memcpy(at, text, length);
	memmove(at + length, at + digits, strlen(at + digits) + 1);
}

/*
 * Pipes and sockets have other numbers when they are made anew: they are numbered in the order in which they
 * are met, so that it still shows which descriptors lead to the same one.
 */
int snapshot_number_pipes_and_sockets(struct snapshot *snapshot)
{
	cleanup_free unsigned long *numbers = calloc(snapshot->lines_count + 1, sizeof(*numbers));
	size_t count = 0;

	if (!numbers)
		return -ENOMEM;
	for (size_t i = 0; i < 2 * snapshot->lines_count; i++) {
		bool is_link = i < snapshot->lines_count;
		char *at = find_number(snapshot->lines[i % snapshot->lines_count], is_link);
		unsigned long number = at ? strtoul(at, NULL, 10) : 0;
		size_t index = 0;

		while (index < count && numbers[index] != number)
			index++;
		if (at && is_link && index == count)
			numbers[count++] = number;
		if (at && index < count)
			replace_number(at, index);
	}
	return 0;
}

static bool contains(const struct snapshot *snapshot, size_t hint, const char *line)
{
	for (size_t i = 0; i < snapshot->lines_count; i++)
		if (strcmp(snapshot->lines[(hint + i) % snapshot->lines_count], line) == 0)
			return true;
	return false;
}

static unsigned int print_missing(const struct snapshot *from, const struct snapshot *in, FILE *out,
				  const char *prefix, char sign)
{
	unsigned int count = 0;

	for (size_t i = 0; i < from->lines_count; i++) {
		if (contains(in, i, from->lines[i]))
			continue;
		count++;
		if (out && count <= 60)
			fprintf(out, "%s%c %.*s\n", prefix, sign, PRINTED_LENGTH, from->lines[i]);
	}
	if (out && count > 60)
		fprintf(out, "%s%c ... and %u more\n", prefix, sign, count - 60);
	return count;
}

unsigned int snapshot_compare(const struct snapshot *before, const struct snapshot *after, FILE *out,
			      const char *prefix)
{
	unsigned int count = print_missing(before, after, out, prefix, '-') +
			     print_missing(after, before, out, prefix, '+');

	if (after->anonymous_bytes > before->anonymous_bytes + before->anonymous_bytes / 8 + (1 << 20)) {
		if (out)
			fprintf(out, "%sanonymous memory grew from %llu to %llu bytes\n", prefix,
				before->anonymous_bytes, after->anonymous_bytes);
		count++;
	}
	return count;
}
