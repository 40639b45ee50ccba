/* SPDX-License-Identifier: MIT */
/* Threads that read one description by turns over the checkpoint get every byte once. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "scenario.h"

#define SIZE 20000

static atomic_uchar seen[SIZE / 4];
static atomic_bool released;
static int fd, copy;

static void *work(void *argument)
{
	uint32_t number;

	/* Some before, the rest after. */
	for (int count = 0; count < SIZE / 40; count++) {
		scenario_check_equal(read(argument ? fd : copy, &number, 4), 4);
		atomic_fetch_add(&seen[number], 1);
	}
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	while (read(argument ? fd : copy, &number, 4) == 4)
		atomic_fetch_add(&seen[number], 1);
	return NULL;
}

int main(void)
{
	pthread_t threads[4];
	uint32_t numbers[SIZE / 4];

	for (uint32_t i = 0; i < SIZE / 4; i++)
		numbers[i] = i;
	fd = scenario_call(open("file", O_RDWR | O_CREAT, 0600));
	copy = scenario_call(dup(fd));
	scenario_check_equal(write(fd, numbers, SIZE), SIZE);
	scenario_call(lseek(fd, 0, SEEK_SET));
	for (long i = 0; i < 4; i++)
		scenario_check(pthread_create(&threads[i], NULL, work, (void *)(i % 2)) == 0);
	while (lseek(fd, 0, SEEK_CUR) < SIZE / 40 * 4 * 4)
		scenario_sleep_ms(1);
	scenario_checkpoint();
	atomic_store(&released, true);
	for (int i = 0; i < 4; i++)
		scenario_check(pthread_join(threads[i], NULL) == 0);
	for (int i = 0; i < SIZE / 4; i++)
		if (seen[i] != 1)
			scenario_fail("the number %d was read %u times", i, seen[i]);
	scenario_pass();
}
