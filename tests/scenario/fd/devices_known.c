/* SPDX-License-Identifier: MIT */
/* Devices that keep nothing of an open file but its position, as far as this machine has them. */
/* needs: root */
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scenario.h"

static const struct {
	const char *path;
	int flags;
	off_t position;
} devices[] = {
	{"/dev/loop-control", O_RDWR, 0}, {"/dev/kmsg", O_WRONLY, 0},        {"/dev/vcs1", O_RDWR, 7},
	{"/dev/hwrng", O_RDONLY, 0},      {"/dev/btrfs-control", O_RDWR, 0}, {"/dev/autofs", O_RDONLY, 0},
	{"/dev/kvm", O_RDWR, 0},          {"/dev/cpu/0/cpuid", O_RDONLY, 2}, {"/dev/mem", O_RDONLY, 4096},
};

#define COUNT (sizeof(devices) / sizeof(devices[0]))

int main(void)
{
	int fds[COUNT], found = 0;

	for (size_t i = 0; i < COUNT; i++) {
		fds[i] = open(devices[i].path, devices[i].flags | O_CLOEXEC);
		if (fds[i] < 0)
			continue;
		found++;
		if (devices[i].position)
			scenario_call(lseek(fds[i], devices[i].position, SEEK_SET));
	}
	if (found == 0)
		scenario_skip("there are no such devices");
	scenario_checkpoint();
	for (size_t i = 0; i < COUNT; i++) {
		if (fds[i] < 0)
			continue;
		scenario_check_equal(fcntl(fds[i], F_GETFL) & O_ACCMODE, devices[i].flags);
		if (devices[i].position)
			scenario_check_equal(lseek(fds[i], 0, SEEK_CUR), devices[i].position);
	}
	if (fds[0] >= 0)
		scenario_check(ioctl(fds[0], LOOP_CTL_GET_FREE) >= 0 || errno != ENOTTY);
	scenario_pass();
}
