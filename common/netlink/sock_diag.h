/* SPDX-License-Identifier: MIT */
/*
 * Questions to the kernel about its sockets, sock_diag(7), whatever their family: the one door to libnl.
 *
 * What is asked about are the sockets of the network namespace that the calling thread is in.
 */
#pragma once

#include "common/compiler.h"

/* The attributes of one answer. */
struct sock_diag_attributes;

/*
 * The bytes of attribute TYPE (UNIX_DIAG_NAME, INET_DIAG_MEMINFO ...), borrowed while the answer is; NULL if
 * it is not there or has less than MINIMUM bytes. RET_SIZE may be NULL. They may not be aligned.
 */
const void *sock_diag_attribute(const struct sock_diag_attributes *attributes, int type, size_t minimum,
				size_t *ret_size);

/* One answer: MESSAGE (struct unix_diag_msg, struct inet_diag_msg ...), borrowed. An error ends the dump. */
typedef int (*sock_diag_handler)(const void *message, const struct sock_diag_attributes *attributes,
				 void *context);

struct sock_diag_question {
	const void *request; /* struct unix_diag_req, struct inet_diag_req_v2 ...; starts with the family */
	size_t request_size;
	size_t message_size; /* of the fixed part of an answer */
	int attribute_max;   /* the greatest type of interest: UNIX_DIAG_MAX, INET_DIAG_MAX ... */
};

/*
 * Asks about all sockets that match. -ENOENT: this kernel does not answer for such sockets (no UNIX_DIAG,
 * say); -EINTR: the answer was not consistent, five times over; what HANDLER returned; others. A dump may
 * have started anew before that happens: HANDLER is told by a MESSAGE of NULL to forget what it has seen.
 * Silent.
 */
int must_check sock_diag_dump(const struct sock_diag_question *question, sock_diag_handler handler,
			      void *context);

/*
 * Has the kernel close the socket that QUESTION names exactly (SOCK_DESTROY). -ENOENT: there is none such;
 * -EOPNOTSUPP: this kernel cannot (CONFIG_INET_DIAG_DESTROY); -EPERM without CAP_NET_ADMIN. Silent.
 */
int must_check sock_diag_destroy(const struct sock_diag_question *question);
