/* SPDX-License-Identifier: MIT */
/* Puts the pieces of contents together. */
#include "restorer/fd/contents_reader.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

int contents_read(struct contents_reader *contents, void *buffer, size_t size)
{
	unsigned char *to = buffer;

	while (size > 0) {
		size_t part;

		if (contents->size == 0) {
			const void *data;
			int r = archive_reader_data(contents->reader, &data, &contents->size);

			if (r < 0)
				return r;
			if (contents->size == 0)
				return log_error_errno(-EBADMSG, "bad archive: its contents are too short");
			contents->data = data;
		}
		part = MIN(size, contents->size);
		memcpy(to, contents->data, part);
		contents->data += part;
		contents->size -= part;
		to += part;
		size -= part;
	}
	return 0;
}
