/* SPDX-License-Identifier: MIT */
/* The kernel's types: the BPF type format, Documentation/bpf/btf.rst of its sources. */
#include "common/kernel_types.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/file.h"

#define TYPES_FILE "/sys/kernel/btf/vmlinux"
#define TYPES_SIZE_MAX ((size_t)256 << 20)

/* Structures within structures, types of types: no kernel has so many. */
#define DEPTH_MAX 16

#define POINTER_SIZE 8

/* Kinds that came after some systems' headers. */
#define KIND_ENUM64 19

struct kernel_types {
	char *data;         /* owned */
	size_t mapped_size; /* of the mapping that DATA is; 0: it is on the heap */
	const char *strings;
	uint32_t strings_size;
	uint32_t *offsets; /* in data, of each type by its number, from 1; owned */
	uint32_t count;    /* the greatest number */
	uint32_t last;     /* the structure that was found last, or 0 */
};

/* A structure, or a union, that is being searched. */
struct searched {
	const struct btf_type *type;
	uint32_t base_bits; /* where it stands in the outermost one */
};

void kernel_types_free(struct kernel_types *types)
{
	if (types->mapped_size > 0)
		munmap(types->data, types->mapped_size);
	else
		free(types->data);
	free(types->offsets);
	free(types);
}

/* Bytes behind a type's common part, or -EBADMSG. */
static int64_t detail_size(const struct btf_type *type)
{
	uint32_t count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return (int64_t)count * (int64_t)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return (int64_t)count * (int64_t)sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return (int64_t)count * (int64_t)sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return (int64_t)count * (int64_t)sizeof(struct btf_var_secinfo);
	case KIND_ENUM64:
		return (int64_t)count * 12;
	default:
		return -EBADMSG;
	}
}

/* Notes where each type begins. */
static int index_types(struct kernel_types *types, uint32_t offset, uint32_t end)
{
	uint32_t number = 0;

	while (offset < end) {
		const struct btf_type *type = (const struct btf_type *)(types->data + offset);
		int64_t size;

		if (end - offset < sizeof(*type))
			return -EBADMSG;
		size = detail_size(type);
		if (size < 0 || size > (int64_t)(end - offset - sizeof(*type)))
			return -EBADMSG;
		types->offsets[++number] = offset;
		offset += (uint32_t)(sizeof(*type) + (size_t)size);
	}
	types->count = number;
	return 0;
}

static int parse(struct kernel_types *types, size_t size)
{
	const struct btf_header *header = (const struct btf_header *)types->data;
	uint64_t start, end;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC || header->version != BTF_VERSION ||
	    header->hdr_len < sizeof(*header))
		return -EBADMSG;
	start = (uint64_t)header->hdr_len + header->str_off;
	end = start + header->str_len;
	if (end > size || header->str_len == 0 || types->data[end - 1] != '\0')
		return -EBADMSG;
	types->strings = types->data + start;
	types->strings_size = header->str_len;
	start = (uint64_t)header->hdr_len + header->type_off;
	end = start + header->type_len;
	if (end > size || start % 4 != 0)
		return -EBADMSG;
	/* As many as there can be; of the memory only what is used is there. */
	types->offsets = calloc((end - start) / sizeof(struct btf_type) + 1, sizeof(*types->offsets));
	if (!types->offsets)
		return -ENOMEM;
	return index_types(types, (uint32_t)start, (uint32_t)end);
}

/* Takes DATA. */
static int parse_owned(char *data, size_t size, struct kernel_types **ret_types)
{
	cleanup_(kernel_types_freep) struct kernel_types *types = calloc(1, sizeof(*types));
	int r;

	if (!types) {
		free(data);
		return -ENOMEM;
	}
	types->data = data;
	r = parse(types, size);
	if (r < 0)
		return r;
	*ret_types = take_ptr(types);
	return 0;
}

int kernel_types_parse(const void *data, size_t size, struct kernel_types **ret_types)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	return parse_owned(copy, size, ret_types);
}

/* 1 if that is done. The kernel lets it be mapped since Linux 6.16, which spares a copy of some megabytes. */
static int open_mapped(struct kernel_types **ret_types)
{
	cleanup_(kernel_types_freep) struct kernel_types *types = NULL;
	cleanup_close int fd = open(TYPES_FILE, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_size <= 0 || (size_t)st.st_size > TYPES_SIZE_MAX)
		return 0;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (data == MAP_FAILED)
		return 0;
	types = calloc(1, sizeof(*types));
	if (!types) {
		munmap(data, (size_t)st.st_size);
		return -ENOMEM;
	}
	types->data = data;
	types->mapped_size = (size_t)st.st_size;
	r = parse(types, types->mapped_size);
	if (r < 0)
		return r;
	*ret_types = take_ptr(types);
	return 1;
}

int kernel_types_open(struct kernel_types **ret_types)
{
	char *data;
	size_t size;
	int r = open_mapped(ret_types);

	if (r == 0)
		r = file_read_at(AT_FDCWD, TYPES_FILE, TYPES_SIZE_MAX, &data, &size);
	else
		return MIN(r, 0);
	return r < 0 ? r : parse_owned(data, size, ret_types);
}

/* NULL if there is no such type. */
static const struct btf_type *get_type(const struct kernel_types *types, uint32_t number)
{
	if (number == 0 || number > types->count)
		return NULL;
	return (const struct btf_type *)(types->data + types->offsets[number]);
}

static bool has_name(const struct kernel_types *types, uint32_t name, const char *text, size_t length)
{
	const char *found = types->strings + name;

	return name < types->strings_size && strncmp(found, text, length) == 0 && found[length] == '\0';
}

static bool is_structure(const struct btf_type *type)
{
	return BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT || BTF_INFO_KIND(type->info) == BTF_KIND_UNION;
}

/* What is left of a type without typedefs and qualifiers; NULL if it cannot be told. */
static const struct btf_type *strip(const struct kernel_types *types, uint32_t number)
{
	const struct btf_type *type = get_type(types, number);

	for (unsigned depth = 0; type && depth < DEPTH_MAX; depth++) {
		switch (BTF_INFO_KIND(type->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			type = get_type(types, type->type);
			break;
		default:
			return type;
		}
	}
	return NULL;
}

/* Bytes of a value of that type; 0 if it cannot be told, or has none. */
static uint32_t type_size(const struct kernel_types *types, uint32_t number, unsigned depth)
{
	const struct btf_type *type = strip(types, number);
	const struct btf_array *array;

	if (!type || depth > DEPTH_MAX)
		return 0;
	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_PTR:
		return POINTER_SIZE;
	case BTF_KIND_ARRAY:
		array = (const struct btf_array *)(type + 1);
		return array->nelems * type_size(types, array->type, depth + 1);
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_FLOAT:
	case KIND_ENUM64:
		return type->size;
	default:
		return 0;
	}
}

static void describe(const struct kernel_types *types, const struct searched *in,
		     const struct btf_member *member, struct kernel_member *ret)
{
	bool has_bit_sizes = BTF_INFO_KFLAG(in->type->info);
	uint32_t bits =
		in->base_bits + (has_bit_sizes ? BTF_MEMBER_BIT_OFFSET(member->offset) : member->offset);

	*ret = (struct kernel_member){.offset = bits / 8, .size = type_size(types, member->type, 0)};
	ret->bit_count = has_bit_sizes ? BTF_MEMBER_BITFIELD_SIZE(member->offset) : 0;
	if (ret->bit_count == 0)
		return;
	ret->bit_shift = bits % 8;
	ret->size = (ret->bit_shift + ret->bit_count + 7) / 8;
}

/* Looks for a member in a structure, and in those without a name within it. *RET_TYPE is its type's number.
 */
static bool find_member(const struct kernel_types *types, const struct searched *in, const char *name,
			size_t length, unsigned depth, struct kernel_member *ret, uint32_t *ret_type)
{
	const struct btf_member *members = (const struct btf_member *)(in->type + 1);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(in->type->info) && depth < DEPTH_MAX; i++) {
		struct kernel_member member;
		struct searched inner;

		describe(types, in, &members[i], &member);
		if (has_name(types, members[i].name_off, name, length)) {
			*ret = member;
			*ret_type = members[i].type;
			return true;
		}
		inner = (struct searched){strip(types, members[i].type), member.offset * 8};
		if (!has_name(types, members[i].name_off, "", 0) || !inner.type || !is_structure(inner.type))
			continue;
		if (find_member(types, &inner, name, length, depth + 1, ret, ret_type))
			return true;
	}
	return false;
}

/* The number of the structure of that name, 0 if there is none. */
static uint32_t find_structure(struct kernel_types *types, const char *name, size_t length)
{
	const struct btf_type *last = get_type(types, types->last);

	if (last && has_name(types, last->name_off, name, length))
		return types->last;
	for (uint32_t number = 1; number <= types->count; number++) {
		const struct btf_type *type = get_type(types, number);

		if (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
		    has_name(types, type->name_off, name, length))
			return types->last = number;
	}
	return 0;
}

int kernel_types_find(struct kernel_types *types, const char *path, struct kernel_member *ret_member)
{
	size_t length = strcspn(path, ".");
	uint32_t number = find_structure(types, path, length);
	struct kernel_member member = {0};

	if (number == 0 || path[length] == '\0')
		return -ENOENT;
	while (path[length] == '.') {
		struct searched in = {strip(types, number), member.offset * 8};

		path += length + 1;
		length = strcspn(path, ".");
		if (!in.type || !is_structure(in.type) ||
		    !find_member(types, &in, path, length, 0, &member, &number))
			return -ENOENT;
	}
	*ret_member = member;
	return 0;
}

int kernel_types_find_all(struct kernel_types *types, const struct kernel_member_path *members, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = kernel_types_find(types, members[i].path, members[i].member);
	return r;
}
