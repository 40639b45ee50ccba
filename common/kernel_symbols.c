/* SPDX-License-Identifier: MIT */
/* Finds symbols of the kernel. */
#include "common/kernel_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "ffffffff81b43840 T name", of a module with its name behind. */
static bool is_line_of(const char *line, const char *name, uint64_t *ret_address)
{
	char found[128], type;

	return sscanf(line, "%" SCNx64 " %c %127s", ret_address, &type, found) == 3 &&
	       strcmp(found, name) == 0;
}

int kernel_symbol_find(const char *name, struct kernel_address *ret_address)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512];
	int r = -ENOENT;

	if (!file)
		return -errno;
	while (r == -ENOENT && fgets(line, sizeof(line), file)) {
		uint64_t address = 0;

		/* Most lines are told apart without a look at their numbers. */
		if (!strstr(line, name) || !is_line_of(line, name, &address))
			continue;
		r = address == 0 ? -EPERM : 0;
		*ret_address = (struct kernel_address){address};
	}
	fclose(file);
	return r;
}
