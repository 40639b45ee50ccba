/* SPDX-License-Identifier: MIT */
/* Packing and unpacking messages. */
#include "format/message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* A few messages with many fields are allowed to a small limit. */
#define MEMORY_MINIMUM 65536

/* What one message may still take while it is unpacked. */
struct memory_budget {
	size_t left;
	bool is_memory_short; /* malloc(3) has failed, and not the message is to blame */
};

static void *budget_allocate(void *data, size_t size)
{
	struct memory_budget *budget = data;
	void *memory;

	if (size > budget->left)
		return NULL;
	memory = malloc(size);
	if (memory)
		budget->left -= size;
	else
		budget->is_memory_short = true;
	return memory;
}

static void budget_release(void *data maybe_unused, void *memory)
{
	free(memory);
}

int message_pack(const ProtobufCMessage *message, void **ret_data, size_t *ret_size)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	void *data = malloc(MAX(size, (size_t)1));

	if (!data)
		return -ENOMEM;
	*ret_size = protobuf_c_message_pack(message, data);
	*ret_data = data;
	return 0;
}

int message_unpack(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t size, size_t limit,
		   ProtobufCMessage **ret_message)
{
	struct memory_budget budget = {.left = MAX(limit * MESSAGE_MEMORY_FACTOR, (size_t)MEMORY_MINIMUM)};
	ProtobufCAllocator allocator = {
		.alloc = budget_allocate,
		.free = budget_release,
		.allocator_data = &budget,
	};
	ProtobufCMessage *message;

	if (size > limit)
		return -EFBIG;
	message = protobuf_c_message_unpack(descriptor, &allocator, size, data);
	if (!message)
		return budget.is_memory_short ? -ENOMEM : -EBADMSG;
	*ret_message = message;
	return 0;
}

/* The budget's memory came from malloc(3), which is what the default allocator gives it back to. */
void message_free(ProtobufCMessage *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
}
