/* SPDX-License-Identifier: MIT */
/* The build-id of an ELF file. */
#include "common/build_id.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"

#define SEGMENTS_MAX 256
#define NOTES_SIZE_MAX (64 * 1024)

/* A damaged file ends too early for what its headers say. */
static int read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	int r;

	if (offset > INT64_MAX - size)
		return -EBADMSG;
	r = file_pread_full(fd, buffer, size, (off_t)offset);
	return r == -ENODATA ? -EBADMSG : r;
}

static int find_in_notes(const unsigned char *notes, size_t size, unsigned char ret_id[BUILD_ID_SIZE_MAX],
			 size_t *ret_size)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t name_size, id_size;

		memcpy(&note, notes, sizeof(note));
		notes += sizeof(note);
		size -= sizeof(note);
		name_size = ALIGN_UP((size_t)note.n_namesz, (size_t)4);
		id_size = ALIGN_UP((size_t)note.n_descsz, (size_t)4);
		if (name_size > size || id_size > size - name_size)
			return -EBADMSG;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(notes, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 && note.n_descsz > 0 &&
		    note.n_descsz <= BUILD_ID_SIZE_MAX) {
			memcpy(ret_id, notes + name_size, note.n_descsz);
			*ret_size = note.n_descsz;
			return 0;
		}
		notes += name_size + id_size;
		size -= name_size + id_size;
	}
	return -ENOENT;
}

static int find_in_segment(int fd, const Elf64_Phdr *segment, unsigned char ret_id[BUILD_ID_SIZE_MAX],
			   size_t *ret_size)
{
	cleanup_free unsigned char *notes = NULL;
	int r;

	/* Notes with an alignment of 8 (properties) are laid out otherwise; the build-id never is. */
	if (segment->p_type != PT_NOTE || segment->p_align > 4 || segment->p_filesz == 0)
		return -ENOENT;
	if (segment->p_filesz > NOTES_SIZE_MAX)
		return -EBADMSG;
	notes = malloc(segment->p_filesz);
	if (!notes)
		return -ENOMEM;
	r = read_at(fd, notes, segment->p_filesz, segment->p_offset);
	return r < 0 ? r : find_in_notes(notes, segment->p_filesz, ret_id, ret_size);
}

int build_id_read(int fd, unsigned char ret_id[BUILD_ID_SIZE_MAX], size_t *ret_size)
{
	Elf64_Phdr segments[SEGMENTS_MAX];
	Elf64_Ehdr header;
	int r = file_pread_full(fd, &header, sizeof(header), 0);

	if (r == -ENODATA)
		return -ENOEXEC;
	if (r < 0)
		return r;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX)
		return header.e_phnum == 0 ? -ENOENT : -EBADMSG;
	r = read_at(fd, segments, header.e_phnum * sizeof(segments[0]), header.e_phoff);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		r = find_in_segment(fd, &segments[i], ret_id, ret_size);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}
