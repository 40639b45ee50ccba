/* SPDX-License-Identifier: MIT */
/*
 * The tiles of AMX, for which a program has to ask (ARCH_REQ_XCOMP_PERM), keep their contents; and a thread
 * that has not used any yet can do so afterwards, also in a child.
 */
#include <immintrin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"

#define ARCH_REQUEST_PERMISSION 0x1023
#define FEATURE_TILES 18
#define TILE_SIZE 1024
#define WITH_TILES __attribute__((target("amx-tile")))

static atomic_bool released, ready;

static WITH_TILES void tiles_load(unsigned seed)
{
	struct {
		uint8_t palette, start_row, reserved[14];
		uint16_t row_sizes[16];
		uint8_t rows[16];
	} configuration = {.palette = 1};
	unsigned char bytes[TILE_SIZE];

	for (int i = 0; i < 8; i++) {
		configuration.row_sizes[i] = 64;
		configuration.rows[i] = 16;
	}
	_tile_loadconfig(&configuration);
	scenario_fill(bytes, sizeof(bytes), seed);
	_tile_loadd(0, bytes, 64);
	scenario_fill(bytes, sizeof(bytes), seed + 1);
	_tile_loadd(7, bytes, 64);
}

static WITH_TILES bool tiles_are(unsigned seed)
{
	unsigned char first[TILE_SIZE] = {0}, last[TILE_SIZE] = {0};

	_tile_stored(0, first, 64);
	_tile_stored(7, last, 64);
	return scenario_is_filled(first, sizeof(first), seed) &&
	       scenario_is_filled(last, sizeof(last), seed + 1);
}

static void *work(void *unused)
{
	tiles_load(5);
	atomic_store(&ready, true);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_check(tiles_are(5));
	return unused;
}

int main(void)
{
	pthread_t thread;
	int status, ends[2];
	char byte;
	pid_t child;

	if (syscall(SYS_arch_prctl, ARCH_REQUEST_PERMISSION, FEATURE_TILES) < 0)
		scenario_skip("this processor, or its kernel, has no AMX");
	scenario_call(pipe(ends));
	child = scenario_call(fork());
	if (child == 0) {
		scenario_check_equal(read(ends[0], &byte, 1), 1);
		tiles_load(9);
		_exit(tiles_are(9) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (!atomic_load(&ready))
		scenario_sleep_ms(1);
	scenario_checkpoint();
	tiles_load(7);
	scenario_check(tiles_are(7));
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_check_equal(write(ends[1], "x", 1), 1);
	scenario_call(waitpid(child, &status, 0));
	scenario_check_equal(status, 0);
	scenario_pass();
}
