/* SPDX-License-Identifier: MIT */
/*
 * A thread keeps its empty keyring, and which keyring the keys go to that it requests (keyrings(7)); a thread
 * beside it has none.
 */
#include <linux/keyctl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario.h"

static atomic_bool released, ready;

static long keyring_id(int keyring, int create)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, keyring, create);
}

static long destination(int change)
{
	return syscall(SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, change);
}

static void *work(void *unused)
{
	scenario_call(keyring_id(KEY_SPEC_THREAD_KEYRING, 1));
	scenario_call(destination(KEY_REQKEY_DEFL_USER_KEYRING));
	atomic_store(&ready, true);
	while (!atomic_load(&released))
		scenario_sleep_ms(1);
	scenario_call(keyring_id(KEY_SPEC_THREAD_KEYRING, 0));
	scenario_check_equal(syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_THREAD_KEYRING, NULL, 0), 0);
	scenario_check_equal(destination(KEY_REQKEY_DEFL_NO_CHANGE), KEY_REQKEY_DEFL_USER_KEYRING);
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (destination(KEY_REQKEY_DEFL_NO_CHANGE) < 0)
		scenario_skip("this kernel has no keys");
	scenario_check(pthread_create(&thread, NULL, work, NULL) == 0);
	while (!atomic_load(&ready))
		scenario_sleep_ms(1);
	scenario_checkpoint();
	scenario_check_equal(keyring_id(KEY_SPEC_THREAD_KEYRING, 0), -1);
	scenario_check_equal(keyring_id(KEY_SPEC_PROCESS_KEYRING, 0), -1);
	scenario_check_equal(destination(KEY_REQKEY_DEFL_NO_CHANGE), KEY_REQKEY_DEFL_DEFAULT);
	atomic_store(&released, true);
	scenario_check(pthread_join(thread, NULL) == 0);
	scenario_call(keyring_id(KEY_SPEC_PROCESS_KEYRING, 1));
	scenario_checkpoint();
	scenario_call(keyring_id(KEY_SPEC_PROCESS_KEYRING, 0));
	scenario_pass();
}
