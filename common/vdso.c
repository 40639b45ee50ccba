/* SPDX-License-Identifier: MIT */
/* The vdso of this process. */
#include "common/vdso.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

int vdso_own(struct vdso *ret_vdso)
{
	const unsigned char *start = (const unsigned char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const void *)start;
	size_t size = 0;

	if (!start || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOENT;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *segment = (const void *)(start + header->e_phoff + i * sizeof(*segment));

		if (segment->p_type == PT_LOAD)
			size = MAX(size, segment->p_vaddr + segment->p_memsz);
	}
	if (size == 0)
		return -ENOENT;
	*ret_vdso = (struct vdso){.start = start, .size = size};
	return 0;
}

uint64_t fnv1a_hash(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}
