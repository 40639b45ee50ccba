/* SPDX-License-Identifier: MIT */
/*
 * Where the running kernel keeps the members of its structures, by its own description of its types (BTF,
 * /sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF). Names differ between kernels: that one is missing is an
 * answer.
 */
#pragma once

#include "common/cleanup.h"
#include "common/compiler.h"

struct kernel_types;

/* Where a member stands in its structure. */
struct kernel_member {
	uint32_t offset;    /* bytes */
	uint32_t size;      /* bytes; of a bit field, of all bytes that it touches */
	uint32_t bit_shift; /* of a bit field: from the lowest bit at OFFSET */
	uint32_t bit_count; /* of a bit field; else 0 */
};

/* -ENOENT if the kernel does not tell; -EBADMSG if what it tells is not understood. */
int must_check kernel_types_open(struct kernel_types **ret_types);
void kernel_types_free(struct kernel_types *types);
DEFINE_FREEP(kernel_types, kernel_types_free)

/* The same from SIZE bytes at DATA, which are copied. */
int must_check kernel_types_parse(const void *data, size_t size, struct kernel_types **ret_types);

/*
 * Finds "STRUCTURE.member" or "STRUCTURE.member.member", through unions and structures without a name.
 * -ENOENT if there is no such. Asking for members of the same structure one after the other is cheap.
 */
int must_check kernel_types_find(struct kernel_types *types, const char *path,
				 struct kernel_member *ret_member);

/* All of COUNT; stops at the first that is not found. */
struct kernel_member_path {
	const char *path;
	struct kernel_member *member;
};
int must_check kernel_types_find_all(struct kernel_types *types, const struct kernel_member_path *members,
				     size_t count);

/*
 * A list of members is a macro LIST(X) that says X(name, path) for each. LIST(KERNEL_MEMBER_DECLARE) makes
 * members of a structure of them, and LIST(KERNEL_MEMBER_PATH) what kernel_types_find_all() takes to fill in
 * the structure that a variable "members" points to.
 */
#define KERNEL_MEMBER_DECLARE(name, path) struct kernel_member name;
#define KERNEL_MEMBER_PATH(name, path) {path, &members->name},
