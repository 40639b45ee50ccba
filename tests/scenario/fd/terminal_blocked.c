/* SPDX-License-Identifier: MIT */
/* Threads that wait for input, at both ends, and one that waits to write, go on waiting, and are woken. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "terminal.h"

#define FLOOD 200000

static struct pair pair, full;
static atomic_int tids[3];

static void *read_slave(void *unused)
{
	atomic_store(&tids[0], gettid());
	EXPECT(pair.slave, "to the slave\n");
	return unused;
}

static void *read_master(void *unused)
{
	atomic_store(&tids[1], gettid());
	EXPECT(pair.master, "to the master");
	return unused;
}

static void *write_slave(void *unused)
{
	static char text[FLOOD];
	size_t done = 0;

	scenario_fill(text, FLOOD, 3);
	atomic_store(&tids[2], gettid());
	while (done < FLOOD)
		done += (size_t)scenario_call(write(full.slave, text + done, FLOOD - done));
	return unused;
}

int main(void)
{
	static char all[FLOOD];
	pthread_t threads[3];
	size_t done = 0;

	pair_open_master(&pair);
	pair.slave = scenario_call(open(pair.name, O_RDWR | O_NOCTTY));
	change_local(pair.slave, ECHO, 0);
	pair_open_master(&full);
	full.slave = scenario_call(open(full.name, O_RDWR | O_NOCTTY));
	make_raw(full.slave);
	scenario_check(pthread_create(&threads[0], NULL, read_slave, NULL) == 0);
	scenario_check(pthread_create(&threads[1], NULL, read_master, NULL) == 0);
	scenario_check(pthread_create(&threads[2], NULL, write_slave, NULL) == 0);
	while (!atomic_load(&tids[0]) || !atomic_load(&tids[1]) || !atomic_load(&tids[2]))
		scenario_sleep_ms(1);
	scenario_wait_blocked(tids[0], SYS_read);
	scenario_wait_blocked(tids[1], SYS_read);
	scenario_wait_blocked(tids[2], SYS_write);
	scenario_checkpoint();
	PUT(pair.master, "to the slave\n");
	scenario_check(pthread_join(threads[0], NULL) == 0);
	PUT(pair.slave, "to the master");
	scenario_check(pthread_join(threads[1], NULL) == 0);
	while (done < FLOOD) {
		await_input(full.master);
		done += (size_t)scenario_call(read(full.master, all + done, FLOOD - done));
	}
	scenario_check(scenario_is_filled(all, FLOOD, 3));
	scenario_check(pthread_join(threads[2], NULL) == 0);
	scenario_pass();
}
