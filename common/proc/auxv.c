/* SPDX-License-Identifier: MIT */
/* The auxiliary vector that a program was started with. */
#include "common/proc/auxv.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"

int auxv_parse(const char *text, size_t size, struct auxv *ret)
{
	if (size % sizeof(struct auxv_entry) != 0 || size > sizeof(ret->entries))
		return -EBADMSG;
	memset(ret, 0, sizeof(*ret));
	if (size > 0)
		memcpy(ret->entries, text, size);
	ret->entries_count = size / sizeof(struct auxv_entry);
	return 0;
}

int auxv_read(int proc_fd, struct auxv *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r;

	r = file_read_at(proc_fd, "auxv", 65536, &text, &size);
	if (r < 0)
		return r;
	return auxv_parse(text, size, ret);
}

bool auxv_get(const struct auxv *auxv, uint64_t type, uint64_t *ret_value)
{
	for (size_t i = 0; i < auxv->entries_count && auxv->entries[i].type != AT_NULL; i++) {
		if (auxv->entries[i].type == type) {
			*ret_value = auxv->entries[i].value;
			return true;
		}
	}
	return false;
}
