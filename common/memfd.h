/* SPDX-License-Identifier: MIT */
/* The kernel's own tmpfs, mounted nowhere, on which memfds and shared anonymous memory lie. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether DEVICE, a st_dev, is that of the kernel's own tmpfs; false as well if it cannot be found out. */
bool memfd_is_device(dev_t device);
