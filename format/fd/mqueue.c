/* SPDX-License-Identifier: MIT */
/* What a valid message queue is. */
#include "format/fd/mqueue.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* HARD_MSGMAX and HARD_MSGSIZEMAX of the kernel's include/linux/ipc_namespace.h. */
#define MESSAGES_MAX 65536
#define MESSAGE_SIZE_MAX (16 * 1024 * 1024)

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

int mqueue_check(const Cr__Mqueue *queue, const char **ret_reason)
{
	size_t length = strnlen(queue->name, NAME_MAX + 2);

	if (queue->queue_id == 0)
		return refuse("it has no number", ret_reason);
	if (length < 2 || length > NAME_MAX + 1 || queue->name[0] != '/' || strchr(queue->name + 1, '/') ||
	    strcmp(queue->name, "/.") == 0 || strcmp(queue->name, "/..") == 0)
		return refuse("its name is not valid", ret_reason);
	if (queue->path[0] != '\0' && (queue->path[0] != '/' || strnlen(queue->path, PATH_MAX) >= PATH_MAX))
		return refuse("its path is not absolute, or too long", ret_reason);
	if (queue->max_messages < 1 || queue->max_messages > MESSAGES_MAX || queue->message_size < 1 ||
	    queue->message_size > MESSAGE_SIZE_MAX)
		return refuse("its attributes are not valid", ret_reason);
	if (queue->message_count < 0 || queue->message_count > queue->max_messages)
		return refuse("it holds more than it can", ret_reason);
	if (queue->is_unlinked && (queue->message_count > 0 || queue->path[0] != '\0'))
		return refuse("it is unlinked, and holds messages or has a path", ret_reason);
	if (queue->mode & ~07777U)
		return refuse("its mode is not valid", ret_reason);
	return 0;
}
