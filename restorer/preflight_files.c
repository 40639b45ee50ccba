/* SPDX-License-Identifier: MIT */
/* Whether the files that a program needs are there, and have not changed since it was dumped. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/build_id.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"
#include "restorer/fd/given_fds.h"
#include "restorer/preflight.h"

static const char *type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a directory";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFLNK:
		return "a symbolic link";
	default:
		return "of an unknown type";
	}
}

static const char *format_hex(const unsigned char *data, size_t size, char *buffer, size_t buffer_size)
{
	buffer[0] = '\0';
	for (size_t i = 0; i < size && i * 2 + 3 <= buffer_size; i++)
		snprintf(buffer + i * 2, 3, "%02x", data[i]);
	return buffer;
}

/* NAME says which file and what for, already safe to print. */
static void check_build_id(struct restore *restore, const Cr__RequiredFile *file, const char *name)
{
	cleanup_close int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char build_id[BUILD_ID_SIZE_MAX];
	char here[2 * BUILD_ID_SIZE_MAX + 1], there[2 * BUILD_ID_SIZE_MAX + 1];
	size_t size = sizeof(build_id);
	int r = fd < 0 ? -errno : build_id_read(fd, build_id, &size);

	if (fd < 0) {
		blockers_add(&restore->blockers, "%s cannot be opened: %s", name, strerror(-r));
		return;
	}
	if (r == 0 && size == file->build_id.len && memcmp(build_id, file->build_id.data, size) == 0)
		return;
	format_hex(file->build_id.data, file->build_id.len, there, sizeof(there));
	if (r < 0)
		blockers_add(&restore->blockers,
			     "%s is another build: it has no build-id, but had %s when it was dumped", name,
			     there);
	else
		blockers_add(&restore->blockers,
			     "%s is another build: its build-id is %s, but was %s when it was dumped; bring "
			     "back the same "
			     "version of it",
			     name, format_hex(build_id, size, here, sizeof(here)), there);
}

static void check_openable(struct restore *restore, const Cr__RequiredFile *file, const char *name)
{
	if (faccessat(AT_FDCWD, file->path, R_OK, AT_EACCESS) < 0)
		blockers_add(&restore->blockers, "%s cannot be opened: %s", name, strerror(errno));
}

/* What is mapped has to be what it was. */
static void check_mapped(struct restore *restore, const Cr__RequiredFile *file, const struct stat *st,
			 const char *name)
{
	enum file_validation validation = restore->options->file_validation;

	if (validation != FILE_VALIDATION_OFF && (uint64_t)st->st_size != file->size)
		blockers_add(&restore->blockers,
			     "%s has another size: %jd bytes here, %" PRIu64 " bytes when it was dumped",
			     name, (intmax_t)st->st_size, file->size);
	else if (validation == FILE_VALIDATION_STRICT && file->build_id.len > 0)
		check_build_id(restore, file, name);
	else
		check_openable(restore, file, name);
}

/* What is open may have grown, as logs do, but what the program has read or written has to be there. */
static void check_open(struct restore *restore, const Cr__RequiredFile *file, const struct stat *st,
		       const char *name)
{
	uint64_t size = (uint64_t)st->st_size;

	if (restore->options->file_validation == FILE_VALIDATION_OFF || size == file->size)
		return;
	if (size > file->size)
		log_notice("%s has grown by %" PRIu64 " bytes since it was dumped", name, size - file->size);
	else
		blockers_add(&restore->blockers,
			     "%s has become shorter: %" PRIu64 " bytes here, %" PRIu64
			     " bytes when it was dumped; if the program can do with that, give "
			     "--file-validation=off",
			     name, size, file->size);
}

static void check_contents(struct restore *restore, const Cr__RequiredFile *file, const struct stat *st,
			   const char *name)
{
	if ((S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) && st->st_rdev != file->device)
		blockers_add(&restore->blockers,
			     "%s is another device: %u:%u, not %u:%u as when it was dumped", name,
			     major(st->st_rdev), minor(st->st_rdev), major(file->device),
			     minor(file->device));
	else if (S_ISREG(st->st_mode) && file->must_match_size)
		check_mapped(restore, file, st, name);
	else if (S_ISREG(st->st_mode))
		check_open(restore, file, st, name);
}

static void check_file(struct restore *restore, const Cr__RequiredFile *file)
{
	char path[PRINTABLE_SIZE], use[128], name[PRINTABLE_SIZE + 192];
	struct stat st;

	snprintf(name, sizeof(name), "'%s' (%s%s%d)", printable(file->path, path, sizeof(path)),
		 printable(file->use, use, sizeof(use)), file->use && *file->use ? " of pid " : "pid ",
		 file->n_pids > 0 ? file->pids[0] : restore->manifest->processes[0]->pid);
	if (fstatat(AT_FDCWD, file->path, &st, S_ISLNK(file->mode) ? AT_SYMLINK_NOFOLLOW : 0) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			blockers_add(&restore->blockers, "%s is missing: no such file", name);
		else
			blockers_add(&restore->blockers, "%s cannot be looked at: %s", name, strerror(errno));
		return;
	}
	if ((st.st_mode & S_IFMT) != (file->mode & S_IFMT)) {
		blockers_add(&restore->blockers, "%s is %s, but was %s when it was dumped", name,
			     type_name(st.st_mode), type_name(file->mode));
		return;
	}
	check_contents(restore, file, &st, name);
}

/* By a descriptor of ours, where it is open; what is mapped, or run, has to be there nevertheless. */
static bool is_replaced(const struct restore *restore, const Cr__RequiredFile *file)
{
	return !file->must_match_size && strncmp(file->use, "fd ", 3) == 0 &&
	       given_fds_find_path(restore, file->path);
}

void preflight_files(struct restore *restore)
{
	for (size_t i = 0; i < restore->manifest->n_files; i++)
		if (!is_replaced(restore, restore->manifest->files[i]))
			check_file(restore, restore->manifest->files[i]);
}
