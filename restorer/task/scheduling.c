/* SPDX-License-Identifier: MIT */
/* How a thread is scheduled: policy, nice value, affinity, I/O priority. */
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "restorer/affinity.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

#define CPU_LIST_SIZE 64
#define ONLINE_LIST_SIZE_MAX 65536
#define NICE_MIN (-20)
#define NICE_MAX 19
#define POLICY_BATCH 3
#define POLICY_IDLE 5
#define POLICY_DEADLINE 6
#define POLICY_EXT 7
#define RT_PRIORITY_MAX 99
#define FLAG_RESET_ON_FORK 1
#define FLAG_UTIL_CLAMP 0x60
#define UTIL_MAX_DEFAULT 1024

/* struct sched_attr of linux/sched/types.h, which does not go together with glibc's sched.h everywhere. */
struct scheduling_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
	uint32_t util_min, util_max;
};

static bool policy_is_fair(uint32_t policy)
{
	return policy == SCHED_OTHER || policy == POLICY_BATCH || policy == POLICY_IDLE ||
	       policy == POLICY_EXT;
}

static bool mask_has(const unsigned char *mask, size_t size, size_t cpu)
{
	return cpu / 8 < size && (mask[cpu / 8] >> cpu % 8 & 1);
}

/* Sets in MASK the CPUs of a list as "0-3,8"; false if it cannot be read. */
static bool cpu_list_parse(struct cursor list, unsigned char mask[AFFINITY_SIZE_MAX])
{
	do {
		uint32_t first, last;

		if (cursor_u32(&list, 10, &first) < 0)
			return false;
		last = first;
		if (cursor_skip(&list, "-") && cursor_u32(&list, 10, &last) < 0)
			return false;
		if (last >= AFFINITY_SIZE_MAX * 8)
			return false;
		for (uint32_t cpu = first; cpu <= last; cpu++)
			mask[cpu / 8] |= (unsigned char)(1 << cpu % 8);
	} while (cursor_skip(&list, ","));
	return true;
}

/* All if the host does not tell. */
static void online_cpus_read(unsigned char mask[AFFINITY_SIZE_MAX])
{
	cleanup_free char *text = NULL;
	size_t size;

	memset(mask, 0, AFFINITY_SIZE_MAX);
	if (file_read_at(AT_FDCWD, "/sys/devices/system/cpu/online", ONLINE_LIST_SIZE_MAX, &text, &size) <
		    0 ||
	    !cpu_list_parse(CURSOR(text, size), mask))
		memset(mask, UCHAR_MAX, AFFINITY_SIZE_MAX);
}

static bool mask_covers(const unsigned char *mask, const ProtobufCBinaryData *affinity)
{
	for (size_t i = 0; i < affinity->len; i++)
		if (affinity->data[i] & ~mask[i])
			return false;
	return true;
}

/* "8-9,12" into BUFFER, cut with "..." if it is too long: the CPUs of MASK that are not in EXCEPT. */
static const char *cpu_list_format(const ProtobufCBinaryData *mask, const unsigned char *except, char *buffer)
{
	size_t length = 0, bits = mask->len * 8;

	buffer[0] = '\0';
	for (size_t cpu = 0; cpu < bits; cpu++) {
		size_t last = cpu;

		if (!mask_has(mask->data, mask->len, cpu) || mask_has(except, AFFINITY_SIZE_MAX, cpu))
			continue;
		while (mask_has(mask->data, mask->len, last + 1) &&
		       !mask_has(except, AFFINITY_SIZE_MAX, last + 1))
			last++;
		if (length + sizeof(",65535-65535,...") > CPU_LIST_SIZE) {
			snprintf(buffer + length, CPU_LIST_SIZE - length, ",...");
			break;
		}
		length += (size_t)snprintf(buffer + length, CPU_LIST_SIZE - length,
					   last > cpu ? "%s%zu-%zu" : "%s%zu", length > 0 ? "," : "", cpu,
					   last);
		cpu = last;
	}
	return buffer;
}

/* The kernel leaves out what is not there and fails when nothing is left. */
static void affinity_check(struct restore *restore, const Cr__Scheduling *image, const unsigned char *online,
			   bool *is_told)
{
	static const unsigned char none[AFFINITY_SIZE_MAX];
	char list[CPU_LIST_SIZE];
	bool has_some = false, lacks_some = false;

	for (size_t i = 0; i < image->affinity.len; i++) {
		has_some |= image->affinity.data[i] & online[i];
		lacks_some |= image->affinity.data[i] & ~online[i];
	}
	if (!has_some && lacks_some) {
		blockers_add(&restore->blockers,
			     "was bound to CPU %s, which this host lacks: allow it others with taskset "
			     "before the dump",
			     cpu_list_format(&image->affinity, none, list));
	} else if (lacks_some && !*is_told) {
		log_notice("was allowed on CPU %s, which this host lacks; it will use the others",
			   cpu_list_format(&image->affinity, online, list));
		*is_told = true;
	}
}

static int scheduling_image_check(const Cr__Scheduling *image)
{
	if (!image)
		return bad_image("it says nothing of its scheduling");
	if (!policy_is_fair(image->policy) && image->policy != SCHED_FIFO && image->policy != SCHED_RR &&
	    image->policy != POLICY_DEADLINE)
		return bad_image("it has scheduling policy %u", image->policy);
	if (image->nice < NICE_MIN || image->nice > NICE_MAX || image->priority > RT_PRIORITY_MAX)
		return bad_image("it has nice value %d and priority %u", image->nice, image->priority);
	if (image->affinity.len > AFFINITY_SIZE_MAX)
		return bad_image("its CPU affinity has %zu bytes", image->affinity.len);
	if (image->io_priority < 0 || IOPRIO_PRIO_CLASS(image->io_priority) > IOPRIO_CLASS_IDLE ||
	    image->io_priority >> IOPRIO_CLASS_SHIFT != (int)IOPRIO_PRIO_CLASS(image->io_priority))
		return bad_image("it has I/O priority 0x%x", (unsigned)image->io_priority);
	if (image->util_min > UTIL_MAX_DEFAULT || image->util_max > UTIL_MAX_DEFAULT)
		return bad_image("it has utilization clamps %u to %u", image->util_min, image->util_max);
	return 0;
}

/* As the kernel judges: a lower nice value than the own one needs RLIMIT_NICE or CAP_SYS_NICE. */
static void priority_check(struct restore *restore, const Cr__Scheduling *image,
			   const struct scheduling_attributes *own)
{
	struct rlimit limit = {0};
	uint64_t floor;

	if (kernel_features_has_cap(&restore->features, CAP_SYS_NICE))
		return;
	if (!policy_is_fair(image->policy)) {
		blockers_add(&restore->blockers,
			     "has a real-time scheduling policy: run cr-restore with CAP_SYS_NICE");
		return;
	}
	(void)getrlimit(RLIMIT_NICE, &limit);
	floor = (uint64_t)(NICE_MAX + 1 - image->nice);
	if (image->nice < own->nice && limit.rlim_cur < floor)
		blockers_add(
			&restore->blockers,
			"has nice value %d, and cr-restore %d: run it with that nice value or CAP_SYS_NICE",
			image->nice, own->nice);
	if (own->policy == POLICY_IDLE && image->policy != POLICY_IDLE && limit.rlim_cur < floor)
		blockers_add(&restore->blockers,
			     "cr-restore has the idle scheduling policy, which only CAP_SYS_NICE can "
			     "leave: run it without");
	if (own->flags & FLAG_RESET_ON_FORK && !(image->flags & FLAG_RESET_ON_FORK))
		blockers_add(&restore->blockers,
			     "cr-restore has the scheduling flag reset-on-fork, which only CAP_SYS_NICE can "
			     "take away: run it without");
}

static bool has_clamps(const Cr__Scheduling *image)
{
	return image->util_min != 0 || (image->util_max != 0 && image->util_max != UTIL_MAX_DEFAULT);
}

static void host_check(struct restore *restore, const Cr__Scheduling *image,
		       const struct scheduling_attributes *own)
{
	priority_check(restore, image, own);
	if (has_clamps(image) && own->util_max == 0)
		blockers_add(&restore->blockers,
			     "has utilization clamps, which this kernel lacks (CONFIG_UCLAMP_TASK)");
	if (IOPRIO_PRIO_CLASS(image->io_priority) == IOPRIO_CLASS_RT &&
	    !kernel_features_has_cap(&restore->features, CAP_SYS_NICE) &&
	    !kernel_features_has_cap(&restore->features, CAP_SYS_ADMIN))
		blockers_add(&restore->blockers,
			     "has a real-time I/O priority: run cr-restore with CAP_SYS_NICE");
}

static int scheduling_check(struct restore *restore, const struct task *task)
{
	unsigned char cpus[AFFINITY_SIZE_MAX] = {
		0}; /* that cr-restore has, and when that is too few, the host */
	struct scheduling_attributes own = {0};
	bool has_online = false, is_told = false;

	(void)!syscall(SYS_sched_getaffinity, 0, sizeof(cpus), cpus);
	if (syscall(SYS_sched_getattr, 0, &own, sizeof(own), 0) < 0)
		return log_error_errno(-errno, "cannot read the own scheduling policy");
	for (size_t i = 0; i < task->image->n_threads; i++) {
		const Cr__Thread *thread = task->image->threads[i];
		LOG_SCOPE("tid %d", thread->tid);
		int r = scheduling_image_check(thread->scheduling);

		if (r < 0)
			return r;
		if (!has_online && !mask_covers(cpus, &thread->scheduling->affinity)) {
			online_cpus_read(cpus);
			has_online = true;
		}
		affinity_check(restore, thread->scheduling, cpus, &is_told);
		host_check(restore, thread->scheduling, &own);
	}
	return 0;
}

static int policy_restore(pid_t tid, const Cr__Scheduling *image)
{
	struct scheduling_attributes current = {0};
	struct scheduling_attributes wanted = {
		.size = sizeof(wanted),
		.policy = image->policy,
		.flags = image->flags & ~(uint64_t)FLAG_UTIL_CLAMP,
		.nice = image->nice,
		.priority = image->priority,
		.runtime_ns = image->runtime_ns,
		.deadline_ns = image->deadline_ns,
		.period_ns = image->period_ns,
	};

	if (syscall(SYS_sched_getattr, tid, &current, sizeof(current), 0) < 0)
		return log_error_errno(-errno, "cannot read its scheduling policy");
	wanted.util_min = current.util_min;
	wanted.util_max = current.util_max;
	if (image->util_max != 0 && current.util_max != 0) {
		wanted.util_min = image->util_min;
		wanted.util_max = image->util_max;
	}
	current.size = wanted.size;
	if (memcmp(&current, &wanted, sizeof(wanted)) == 0)
		return 0;
	if (wanted.util_min != current.util_min || wanted.util_max != current.util_max)
		wanted.flags |= FLAG_UTIL_CLAMP;
	if (syscall(SYS_sched_setattr, tid, &wanted, 0) < 0)
		return log_error_errno(-errno, "cannot set its scheduling policy %u (nice %d, priority %u)",
				       wanted.policy, wanted.nice, wanted.priority);
	return 0;
}

static int io_priority_restore(pid_t tid, int wanted)
{
	long current = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, tid);

	if (current == wanted)
		return 0;
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, tid, wanted) < 0)
		return log_error_errno(-errno, "cannot set its I/O priority 0x%x", (unsigned)wanted);
	return 0;
}

static int scheduling_outside(struct restore *restore, struct task *task maybe_unused, struct thread *thread)
{
	const Cr__Scheduling *image = thread->image->scheduling;
	pid_t tid = thread->puppet.tracee.tid;
	int r;

	LOG_SCOPE("tid %d", tid);
	r = affinity_restore(restore, tid, &image->affinity);
	if (r < 0)
		return log_error_errno(r, "cannot set its CPU affinity");
	r = policy_restore(tid, image);
	if (r < 0)
		return r;
	return io_priority_restore(tid, image->io_priority);
}

const struct task_restorer scheduling_task_restorer = {
	.name = "scheduling",
	.check = scheduling_check,
	.outside = scheduling_outside,
};
