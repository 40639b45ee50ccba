/* SPDX-License-Identifier: MIT */
/* Reads the buffers of sockets in the kernel's memory. */
#include "common/kernel_buffer.h"

#include <errno.h>

/* An skb_frag_t, of which there are at most so many (CONFIG_MAX_SKB_FRAGS). */
#define FRAGMENT_SIZE 16
#define FRAGMENTS_MAX 45

/* What is wanted of a buffer, as far as it has been read. */
struct range {
	size_t skip; /* bytes until it begins */
	unsigned char *to;
	size_t left;
};

/* A fragment was a bio_vec before Linux 6.9. */
static int find_fragment(struct kernel_buffers *buffers, struct kernel_types *types)
{
	const struct kernel_member_path members[] = {
		{"skb_frag.netmem", &buffers->fragment_page},
		{"skb_frag.len", &buffers->fragment_size},
		{"skb_frag.offset", &buffers->fragment_offset},
	};
	const struct kernel_member_path former[] = {
		{"bio_vec.bv_page", &buffers->fragment_page},
		{"bio_vec.bv_len", &buffers->fragment_size},
		{"bio_vec.bv_offset", &buffers->fragment_offset},
	};
	int r = kernel_types_find_all(types, members, ARRAY_SIZE(members));

	return r == -ENOENT ? kernel_types_find_all(types, former, ARRAY_SIZE(former)) : r;
}

int kernel_buffers_find(struct kernel_buffers *buffers, struct kernel_memory *memory,
			struct kernel_types *types)
{
	const struct kernel_member_path members[] = {
		{"sk_buff.len", &buffers->size},
		{"sk_buff.data_len", &buffers->paged_size},
		{"sk_buff.head", &buffers->head},
		{"sk_buff.data", &buffers->data},
		{"sk_buff.end", &buffers->end},
		{"skb_shared_info.nr_frags", &buffers->shared_count},
		{"skb_shared_info.frag_list", &buffers->shared_list},
		{"skb_shared_info.frags", &buffers->shared_fragments},
	};
	int r = kernel_types_find_all(types, members, ARRAY_SIZE(members));

	buffers->memory = memory;
	buffers->types = types;
	return r < 0 ? r : find_fragment(buffers, types);
}

static int get(struct kernel_buffers *buffers, struct kernel_address address,
	       const struct kernel_member *member, uint64_t *ret)
{
	return kernel_memory_read_member(buffers->memory, address, member, ret);
}

int kernel_buffer_find(struct kernel_buffers *buffers, struct kernel_address address,
		       struct kernel_buffer *ret_buffer)
{
	struct kernel_buffer buffer = {0};
	uint64_t end = 0;
	int r = get(buffers, address, &buffers->size, &buffer.size);

	if (r == 0)
		r = get(buffers, address, &buffers->paged_size, &buffer.paged_size);
	if (r == 0)
		r = get(buffers, address, &buffers->data, &buffer.data.value);
	if (r == 0)
		r = get(buffers, address, &buffers->head, &buffer.shared.value);
	if (r == 0)
		r = get(buffers, address, &buffers->end, &end);
	if (r == 0 && buffer.paged_size > buffer.size)
		r = -EAGAIN;
	if (r < 0)
		return r;
	buffer.shared = kernel_offset(buffer.shared, end);
	*ret_buffer = buffer;
	return 0;
}

/* SIZE bytes that come next in the buffer stand at ADDRESS. */
static int read_part(struct kernel_buffers *buffers, struct kernel_address address, uint64_t size,
		     struct range *range)
{
	size_t skipped = MIN(range->skip, (size_t)size), part = MIN(range->left, (size_t)size - skipped);
	int r = kernel_memory_read(buffers->memory, kernel_offset(address, skipped), range->to, part);

	range->skip -= skipped;
	range->to += part;
	range->left -= part;
	return r;
}

static int read_fragment(struct kernel_buffers *buffers, struct kernel_address fragment, struct range *range)
{
	struct kernel_address contents = {0};
	uint64_t page = 0, size = 0, offset = 0;
	int r = get(buffers, fragment, &buffers->fragment_size, &size);

	if (r == 0 && size <= range->skip) {
		range->skip -= (size_t)size;
		return 0;
	}
	if (r == 0)
		r = get(buffers, fragment, &buffers->fragment_page, &page);
	if (r == 0)
		r = get(buffers, fragment, &buffers->fragment_offset, &offset);
	if (r == 0 && !buffers->has_pages) {
		r = kernel_pages_find(buffers->memory, buffers->types, &buffers->pages);
		buffers->has_pages = r == 0;
	}
	if (r == 0)
		r = kernel_page_contents(&buffers->pages, (struct kernel_address){page}, &contents);
	return r < 0 ? r : read_part(buffers, kernel_offset(contents, offset), size, range);
}

/* What does not stand behind the header is in pages. */
static int read_fragments(struct kernel_buffers *buffers, const struct kernel_buffer *buffer,
			  struct range *range)
{
	uint64_t count = 0, list = 0;
	int r = get(buffers, buffer->shared, &buffers->shared_count, &count);

	if (r == 0)
		r = get(buffers, buffer->shared, &buffers->shared_list, &list);
	if (r == 0 && (list != 0 || count > FRAGMENTS_MAX))
		r = -ENOTSUP;
	for (uint64_t i = 0; r == 0 && range->left > 0 && i < count; i++)
		r = read_fragment(
			buffers,
			kernel_offset(buffer->shared, buffers->shared_fragments.offset + i * FRAGMENT_SIZE),
			range);
	return r;
}

int kernel_buffer_read(struct kernel_buffers *buffers, const struct kernel_buffer *buffer, size_t offset,
		       void *bytes, size_t size)
{
	struct range range = {.skip = offset, .to = bytes, .left = size};
	int r = read_part(buffers, buffer->data, buffer->size - buffer->paged_size, &range);

	if (r == 0 && range.left > 0)
		r = read_fragments(buffers, buffer, &range);
	return r == 0 && range.left > 0 ? -EAGAIN : r;
}
