/* SPDX-License-Identifier: MIT */
/* What a valid unix socket is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/compiler.h"
#include "format/fd/unix_socket.pb-c.h"
#include "format/manifest.pb-c.h"

/* sizeof(sun_path) */
#define UNIX_NAME_SIZE_MAX 108
/* What one datagram may have; the kernel's own limit is the send buffer's. */
#define UNIX_MESSAGE_SIZE_MAX ((uint32_t)64 << 20)
/* SCM_MAX_FD of the kernel: descriptors in one message. */
#define UNIX_MESSAGE_FDS_MAX 253
#define UNIX_GROUPS_MAX 65536
#define UNIX_WAITING_MAX 65536

/* The bits of UnixSocket.shutdown, which are those of sock_diag(7). */
#define UNIX_SHUTDOWN_RECEIVE 1U
#define UNIX_SHUTDOWN_SEND 2U
#define UNIX_SHUTDOWN_BOTH 3U

/* By itself: the open files that it refers to are the restorer's to look up. 0, or -EBADMSG and why (static
 * text). */
int must_check unix_socket_check(const Cr__UnixSocket *socket, const char **ret_reason);

/* The same for what a manifest says of one that is connected to the outside. */
int must_check external_unix_socket_check(const Cr__ExternalUnixSocket *external, const char **ret_reason);

/* Bytes of all messages. */
uint64_t unix_socket_contents_size(const Cr__UnixSocket *socket);

static inline bool unix_name_is_path(const ProtobufCBinaryData *name)
{
	return name->len > 0 && name->data[0] != '\0';
}

static inline bool unix_name_is_abstract(const ProtobufCBinaryData *name)
{
	return name->len > 0 && name->data[0] == '\0';
}

/* "stream", "datagram", "seqpacket". */
const char *unix_type_name(uint32_t type);

/*
 * A name as people write it, safe to show: a path, or '@' and an abstract name; "" for none. BUFFER has SIZE
 * bytes, and is returned.
 */
const char *unix_name_format(const void *name, size_t name_size, char *buffer, size_t size);
