/* SPDX-License-Identifier: MIT */
/* The nice value of a session as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "restorer/task/bad_image.h"
#include "restorer/task/task_restorer.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

/* Without CAP_SYS_ADMIN the kernel takes one change in a tenth of a second. */
#define TRIES_MAX 50
#define BETWEEN_TRIES_NS 20000000

static int autogroup_check(struct restore *restore, const struct task *task)
{
	int nice = task->image->autogroup_nice;

	if (nice < NICE_MIN || nice > NICE_MAX || (nice != 0 && task->image->sid != task->image->pid))
		return bad_image("its session has nice value %d", nice);
	if (nice == 0)
		return 0;
	if (access("/proc/self/autogroup", F_OK) < 0)
		blockers_add(&restore->blockers,
			     "its session has a nice value (/proc/PID/autogroup), which this kernel lacks: "
			     "set it to 0 before the dump");
	else if (nice < 0 && !kernel_features_has_cap(&restore->features, CAP_SYS_NICE))
		blockers_add(&restore->blockers,
			     "its session has nice value %d (/proc/PID/autogroup): run cr-restore with "
			     "CAP_SYS_NICE",
			     nice);
	return 0;
}

static int autogroup_outside(struct restore *restore maybe_unused, struct task *task, struct thread *thread)
{
	const struct timespec pause = {.tv_nsec = BETWEEN_TRIES_NS};
	char path[64], text[16];
	int r = -EAGAIN;

	if (thread != &task->threads[0] || task->image->autogroup_nice == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/autogroup", task->image->pid);
	snprintf(text, sizeof(text), "%d", task->image->autogroup_nice);
	for (int i = 0; i < TRIES_MAX && r == -EAGAIN; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		r = file_write_at(AT_FDCWD, path, text);
	}
	return r < 0 ? log_error_errno(r, "cannot write %s to '%s'", text, path) : 0;
}

const struct task_restorer autogroup_task_restorer = {
	.name = "autogroup",
	.check = autogroup_check,
	.outside = autogroup_outside,
};
