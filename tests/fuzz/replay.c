/* SPDX-License-Identifier: MIT */
/*
 * Gives each file named on the command line to the fuzz target that it is linked with, whole and then cut off
 * at several places. A target that finds something wrong crashes; there is no other verdict.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"

#define INPUT_SIZE_MAX (16U << 20)
#define CUT_COUNT 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly SIZE bytes, so that the sanitizer sees a read past its end. */
static int run_copy(const char *data, size_t size)
{
	cleanup_free uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	return 0;
}

static int replay(const char *path)
{
	cleanup_free char *data = NULL;
	size_t size;
	int result = file_read_at(AT_FDCWD, path, INPUT_SIZE_MAX, &data, &size);

	if (result < 0)
		return result;
	result = run_copy(data, size);
	for (size_t i = 0; i < CUT_COUNT && result == 0; i++)
		result = run_copy(data, size * i / CUT_COUNT);
	return result;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int result = replay(argv[i]);

		if (result < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-result));
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
