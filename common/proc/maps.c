/* SPDX-License-Identifier: MIT */
/* The memory mappings of a process. */
#include "common/proc/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/proc/cursor.h"
#include "common/vector.h"

#define DELETED_SUFFIX " (deleted)"
#define NAME_BLOCK_SIZE 65536

/* Longer than any line: a path has PATH_MAX bytes at most, a newline in it is written as four. */
#define READ_BUFFER_SIZE 65536

/* Names are carved out of blocks, so that they need not move when the list grows. */
struct vma_name_block {
	struct vma_name_block *next;
	size_t used;
	size_t capacity;
	char text[];
};

static const char flag_codes[VMA_FLAG_COUNT][3] = {
#define VMA_FLAG(name, code, meaning) [VMA_FLAG_INDEX_##name] = code,
	VMA_FLAGS(VMA_FLAG)
#undef VMA_FLAG
};

_Static_assert(VMA_FLAG_COUNT <= 64, "flags are one bit each of a uint64_t");

const char *vma_flag_code(enum vma_flag_index index)
{
	return flag_codes[index];
}

void vma_list_done(struct vma_list *list)
{
	if (!list)
		return;
	while (list->names) {
		struct vma_name_block *block = list->names;

		list->names = block->next;
		free(block);
	}
	free(list->vmas);
	*list = (struct vma_list){0};
}

static char *name_allocate(struct vma_list *list, size_t size)
{
	struct vma_name_block *block = list->names;

	if (!block || block->capacity - block->used < size) {
		size_t capacity = MAX(size, (size_t)NAME_BLOCK_SIZE);

		block = malloc(sizeof(*block) + capacity);
		if (!block)
			return NULL;
		block->next = list->names;
		block->used = 0;
		block->capacity = capacity;
		list->names = block;
	}
	block->used += size;
	return block->text + block->used - size;
}

/* Undoes the one escape that maps uses. Whether the text held one at all is in *RET_HAS_ESCAPE. */
static int name_decode(char *name, const struct cursor *text, bool *ret_has_escape)
{
	struct cursor rest = *text;

	*ret_has_escape = false;
	while (!cursor_is_empty(&rest)) {
		if (cursor_skip(&rest, "\\012")) {
			*ret_has_escape = true;
			*name++ = '\n';
			continue;
		}
		if (*rest.at == '\0')
			return -EBADMSG;
		*name++ = *rest.at++;
	}
	*name = '\0';
	return 0;
}

static bool strip_deleted(char *name)
{
	size_t length = strlen(name), suffix = strlen(DELETED_SUFFIX);

	if (length <= suffix || name[0] != '/' || strcmp(name + length - suffix, DELETED_SUFFIX) != 0)
		return false;
	name[length - suffix] = '\0';
	return true;
}

static int parse_name(struct vma_list *list, struct vma *vma, struct cursor *text)
{
	size_t length;
	bool has_escape;
	int r;

	cursor_skip_blanks(text);
	if (cursor_is_empty(text))
		return 0;
	/* The sections of one file follow each other: they share one name. */
	length = (size_t)(text->end - text->at);
	if (list->vmas_count > 1) {
		const struct vma *previous = vma - 1;

		if (previous->name && !previous->is_name_ambiguous && strlen(previous->name) == length &&
		    memcmp(previous->name, text->at, length) == 0) {
			vma->name = previous->name;
			return 0;
		}
	}
	vma->name = name_allocate(list, length + 1);
	if (!vma->name)
		return -ENOMEM;
	r = name_decode(vma->name, text, &has_escape);
	if (r < 0)
		return r;
	vma->is_deleted = strip_deleted(vma->name);
	vma->is_name_ambiguous = vma->is_deleted || has_escape;
	return 0;
}

static int parse_permissions(struct cursor *line, struct vma *vma)
{
	static const char letters[3] = "rwx";
	static const unsigned bits[3] = {PROT_READ, PROT_WRITE, PROT_EXEC};
	struct cursor word;

	if (!cursor_word(line, &word) || word.end - word.at != 4)
		return -EBADMSG;
	for (size_t i = 0; i < 3; i++) {
		if (word.at[i] == letters[i])
			vma->prot |= bits[i];
		else if (word.at[i] != '-')
			return -EBADMSG;
	}
	vma->is_shared = word.at[3] == 's';
	return vma->is_shared || word.at[3] == 'p' ? 0 : -EBADMSG;
}

/* "start-end rwxp offset major:minor inode   name" */
static int parse_mapping(struct vma_list *list, struct cursor *line)
{
	struct vma *vma;
	uint64_t previous_end = list->vmas_count > 0 ? list->vmas[list->vmas_count - 1].end : 0;

	if (list->vmas_count >= VMA_COUNT_MAX)
		return -E2BIG;
	vma = vector_append(list, vmas);
	if (!vma)
		return -ENOMEM;
	if (cursor_u64(line, 16, &vma->start) < 0 || !cursor_skip(line, "-") ||
	    cursor_u64(line, 16, &vma->end) < 0 || parse_permissions(line, vma) < 0 ||
	    cursor_u64(line, 16, &vma->offset) < 0 || cursor_u32(line, 16, &vma->dev_major) < 0 ||
	    !cursor_skip(line, ":") || cursor_u32(line, 16, &vma->dev_minor) < 0 ||
	    cursor_u64(line, 10, &vma->inode) < 0)
		return -EBADMSG;
	if (vma->start >= vma->end || vma->start < previous_end)
		return -EBADMSG;
	return parse_name(list, vma, line);
}

static int parse_flags(struct vma *vma, struct cursor *value)
{
	struct cursor word;

	vma->has_flags = true;
	while (cursor_word(value, &word)) {
		size_t i;

		if (word.end - word.at != 2)
			return -EBADMSG;
		for (i = 0; i < VMA_FLAG_COUNT; i++) {
			if (memcmp(word.at, flag_codes[i], 2) == 0)
				break;
		}
		if (i < VMA_FLAG_COUNT) {
			vma->flags |= (uint64_t)1 << i;
		} else if (!vma->has_unknown_flag) {
			vma->has_unknown_flag = true;
			memcpy(vma->unknown_flag, word.at, 2);
		}
	}
	return 0;
}

static int parse_kilobytes(struct cursor *value, uint64_t *ret_bytes)
{
	uint64_t kilobytes;

	if (cursor_u64(value, 10, &kilobytes) < 0 || kilobytes > UINT64_MAX / 1024)
		return -EBADMSG;
	*ret_bytes = kilobytes * 1024;
	return 0;
}

/* "Rss:    8 kB" and the like, about the mapping before it. What is not known is not needed. */
static int parse_detail(struct vma *vma, const struct cursor *line)
{
	struct cursor key, value;

	if (!cursor_split(line, &key, &value))
		return -EBADMSG;
	if (cursor_equals(&key, "VmFlags"))
		return parse_flags(vma, &value);
	if (cursor_equals(&key, "Rss"))
		return parse_kilobytes(&value, &vma->rss);
	if (cursor_equals(&key, "Anonymous"))
		return parse_kilobytes(&value, &vma->anonymous);
	if (cursor_equals(&key, "Swap"))
		return parse_kilobytes(&value, &vma->swap);
	if (cursor_equals(&key, "KernelPageSize"))
		return parse_kilobytes(&value, &vma->kernel_page_size);
	if (cursor_equals(&key, "ProtectionKey"))
		return cursor_u32(&value, 10, &vma->protection_key);
	return 0;
}

static int parse_line(struct vma_list *list, struct cursor line)
{
	/* Lines of smaps that are not a mapping begin with a capital letter, addresses with a small digit. */
	if (!cursor_is_empty(&line) && *line.at >= 'A' && *line.at <= 'Z') {
		if (list->vmas_count == 0)
			return -EBADMSG;
		return parse_detail(&list->vmas[list->vmas_count - 1], &line);
	}
	return parse_mapping(list, &line);
}

int vma_list_parse(const char *text, size_t size, struct vma_list *ret)
{
	cleanup_(vma_list_done) struct vma_list list = {0};
	struct cursor cursor = CURSOR(text, size), line;
	int r;

	while (cursor_line(&cursor, &line)) {
		r = parse_line(&list, line);
		if (r < 0)
			return r;
	}
	*ret = list;
	list = (struct vma_list){0};
	return 0;
}

/* Parses the whole lines at the front of the buffer and moves what is left over there. */
static int parse_buffer(struct vma_list *list, char *buffer, size_t *used)
{
	const char *last = memrchr(buffer, '\n', *used);
	struct cursor cursor, line;
	size_t whole;
	int r;

	if (!last)
		return *used == READ_BUFFER_SIZE ? -EBADMSG : 0;
	whole = (size_t)(last + 1 - buffer);
	cursor = CURSOR(buffer, whole);
	while (cursor_line(&cursor, &line)) {
		r = parse_line(list, line);
		if (r < 0)
			return r;
	}
	memmove(buffer, buffer + whole, *used - whole);
	*used -= whole;
	return 0;
}

static int read_list(int fd, struct vma_list *list)
{
	cleanup_free char *buffer = malloc(READ_BUFFER_SIZE);
	size_t used = 0;
	int r;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t count = read(fd, buffer + used, READ_BUFFER_SIZE - used);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return used == 0 ? 0 : -EBADMSG;
		used += (size_t)count;
		r = parse_buffer(list, buffer, &used);
		if (r < 0)
			return r;
	}
}

/*
 * Whether PATH, which ends in " (deleted)", is the name of the mapped file as it is: 1 or 0. An errno if that
 * cannot be told, for want of the right to follow links in map_files.
 */
static int is_mapped_file(int proc_fd, const char *map_file, const char *path)
{
	cleanup_free char *below_root = string_format("root%s", path);
	struct stat mapped, named;

	if (!below_root)
		return -ENOMEM;
	if (fstatat(proc_fd, below_root, &named, 0) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (fstatat(proc_fd, map_file, &mapped, 0) < 0)
		return -errno;
	return mapped.st_dev == named.st_dev && mapped.st_ino == named.st_ino;
}

/* Takes the name from the link in map_files, which escapes nothing, and asks the file system about
 * "(deleted)". */
static int settle_name(int proc_fd, struct vma_list *list, struct vma *vma)
{
	cleanup_free char *target = NULL;
	char map_file[64];
	size_t size;
	int r;

	snprintf(map_file, sizeof(map_file), "map_files/%" PRIx64 "-%" PRIx64, vma->start, vma->end);
	r = file_readlink_at(proc_fd, map_file, &target);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	size = strlen(target) + 1;
	vma->name = name_allocate(list, size);
	if (!vma->name)
		return -ENOMEM;
	memcpy(vma->name, target, size);
	vma->is_deleted = strip_deleted(vma->name);
	vma->is_name_ambiguous = false;
	if (!vma->is_deleted)
		return 0;
	r = is_mapped_file(proc_fd, map_file, target);
	if (r < 0) {
		vma->is_name_ambiguous = true;
		return r == -ENOMEM ? r : 0;
	}
	if (r > 0) {
		vma->is_deleted = false;
		memcpy(vma->name, target, size);
	}
	return 0;
}

int vma_list_read(int proc_fd, enum vma_detail detail, struct vma_list *ret)
{
	cleanup_(vma_list_done) struct vma_list list = {0};
	cleanup_close int fd = -EBADF;
	int r;

	fd = openat(proc_fd, detail == VMA_DETAIL_SMAPS ? "smaps" : "maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_list(fd, &list);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.vmas_count; i++) {
		if (!list.vmas[i].is_name_ambiguous)
			continue;
		r = settle_name(proc_fd, &list, &list.vmas[i]);
		if (r < 0)
			return r;
	}
	*ret = list;
	list = (struct vma_list){0};
	return 0;
}

struct vma *vma_list_find(const struct vma_list *list, uint64_t address)
{
	size_t low = 0, high = list->vmas_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address < list->vmas[middle].start)
			high = middle;
		else if (address >= list->vmas[middle].end)
			low = middle + 1;
		else
			return &list->vmas[middle];
	}
	return NULL;
}
