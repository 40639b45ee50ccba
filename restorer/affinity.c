/* SPDX-License-Identifier: MIT */
#include "restorer/affinity.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void affinity_narrow(struct restore *restore)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	if (cpu < 0 || cpu >= CPU_SETSIZE ||
	    sched_getaffinity(0, sizeof(restore->own_cpus), &restore->own_cpus) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	restore->is_on_one_cpu = sched_setaffinity(0, sizeof(one), &one) == 0;
}

void affinity_widen(struct restore *restore)
{
	if (restore->is_on_one_cpu)
		(void)sched_setaffinity(0, sizeof(restore->own_cpus), &restore->own_cpus);
	restore->is_on_one_cpu = false;
}

static bool has_affinity(pid_t tid, const ProtobufCBinaryData *wanted)
{
	unsigned char current[AFFINITY_SIZE_MAX];
	long size = syscall(SYS_sched_getaffinity, tid, sizeof(current), current);

	while (size > 0 && current[size - 1] == 0)
		size--;
	return size == (long)wanted->len && memcmp(current, wanted->data, wanted->len) == 0;
}

/* What the mask of a task was before any was set. */
static int forget_affinity(pid_t tid)
{
	unsigned char all[AFFINITY_SIZE_MAX];

	memset(all, UCHAR_MAX, sizeof(all));
	return syscall(SYS_sched_setaffinity, tid, sizeof(all), all) < 0 ? -errno : 0;
}

int affinity_restore(const struct restore *restore, pid_t tid, const ProtobufCBinaryData *wanted)
{
	int r = restore->is_on_one_cpu ? forget_affinity(tid) : 0;

	if (r < 0 || wanted->len == 0 || has_affinity(tid, wanted))
		return r;
	return syscall(SYS_sched_setaffinity, tid, wanted->len, wanted->data) < 0 ? -errno : 0;
}
