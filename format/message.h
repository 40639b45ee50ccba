/* SPDX-License-Identifier: MIT */
/* protobuf messages of which nothing is believed: size and memory are limited before anything is allocated.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/compiler.h"

/* Packs MESSAGE into fresh memory, which the caller frees with free(3). -ENOMEM. */
int must_check message_pack(const ProtobufCMessage *message, void **ret_data, size_t *ret_size);

/*
 * Unpacks SIZE bytes as a message of kind DESCRIPTOR, for the caller to free with message_free(). -EFBIG if
 * SIZE is more than LIMIT; -EBADMSG if the bytes are not such a message, or it would take more than
 * MESSAGE_MEMORY_FACTOR times LIMIT in memory; -ENOMEM if memory is short. Silent.
 */
#define MESSAGE_MEMORY_FACTOR 32
int must_check message_unpack(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t size,
			      size_t limit, ProtobufCMessage **ret_message);

void message_free(ProtobufCMessage *message);

static inline void message_freep(ProtobufCMessage **message)
{
	message_free(*message);
}
