/* SPDX-License-Identifier: MIT */
/*
 * Whether two sockets have the same options of level SOL_SOCKET, by one look at each in the kernel's memory.
 *
 * It is not known here which member holds which option: where all are equal that are known to hold some, the
 * sockets are taken for equal. Another kernel may keep an option elsewhere, so who relies on it has to try
 * each option that matters.
 */
#pragma once

#include <stdbool.h>

#include "common/kernel_socket.h"

struct kernel_socket_options;

/* What is read of a socket. */
#define KERNEL_SOCKET_IMAGE_SIZE 2048

/*
 * SOCKETS is borrowed. MORE is another member that must be equal, as of kernel_sockets_read(). -EBADMSG,
 * -ENOENT: sockets of this kernel are not like that.
 */
int must_check kernel_socket_options_new(struct kernel_sockets *sockets, const char *more,
					 struct kernel_socket_options **ret);
void kernel_socket_options_free(struct kernel_socket_options *options);
DEFINE_FREEP(kernel_socket_options, kernel_socket_options_free)

/* Of FD, a descriptor of the calling thread. */
int must_check kernel_socket_options_read(const struct kernel_socket_options *options, int fd,
					  unsigned char image[KERNEL_SOCKET_IMAGE_SIZE]);

bool kernel_socket_options_are_equal(const struct kernel_socket_options *options,
				     const unsigned char left[KERNEL_SOCKET_IMAGE_SIZE],
				     const unsigned char right[KERNEL_SOCKET_IMAGE_SIZE]);
