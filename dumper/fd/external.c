/* SPDX-License-Identifier: MIT */
/* Open files that lead out of what is dumped, by consent: of these there is nothing to be saved but what they
 * were. */
#include "dumper/fd/external.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/vector.h"
#include "dumper/fd/open_files.h"

/* The key by which a user can name it. False: there is none of that type. */
static bool make_key(const struct fd_info *info, enum external_type type, struct external_key *ret_key)
{
	const struct stat *st = &info->stat;

	*ret_key = (struct external_key){.type = type, .first = st->st_ino};
	switch (type) {
	case EXTERNAL_UNIX:
		return info->socket.family == AF_UNIX;
	case EXTERNAL_PIPE:
		return S_ISFIFO(st->st_mode) && !(info->flags & O_PATH);
	case EXTERNAL_TTY:
		ret_key->first = st->st_rdev;
		ret_key->second = st->st_dev;
		return S_ISCHR(st->st_mode) && isatty(info->our_fd);
	case EXTERNAL_FILE:
		ret_key->first = (uint64_t)info->fdinfo.mount_id;
		ret_key->second = st->st_ino;
		return !S_ISSOCK(st->st_mode) && info->fdinfo.mount_id >= 0;
	}
	return false;
}

static bool find_wanted(const struct dump *dump, const struct fd_info *info, struct external_key *ret_key)
{
	const struct dump_options *options = dump->options;

	for (size_t i = 0; i < options->externals_count; i++) {
		const struct external_key *wanted = &options->externals[i];

		if (make_key(info, wanted->type, ret_key) && external_key_equals(ret_key, wanted))
			return true;
	}
	return false;
}

bool external_is_wanted(const struct dump *dump, const struct fd_info *info)
{
	struct external_key key;

	return dump->options->externals_count > 0 && find_wanted(dump, info, &key);
}

static bool has_any_key(const struct fd_info *info, struct external_key *ret_key)
{
	static const enum external_type types[] = {EXTERNAL_UNIX, EXTERNAL_PIPE, EXTERNAL_TTY, EXTERNAL_FILE};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (make_key(info, types[i], ret_key))
			return true;
	return false;
}

/* A pipe or a socket can be made whose other end is closed. */
static bool can_be_closed(const struct external_key *key)
{
	return key->type == EXTERNAL_UNIX || key->type == EXTERNAL_PIPE;
}

/* What nobody will read: a restore has no way to put it into what it is given. */
static void tell_unread(const struct open_file *file, const struct fd_info *info)
{
	int bytes = 0;

	if ((!S_ISSOCK(info->stat.st_mode) && !S_ISFIFO(info->stat.st_mode)) ||
	    (info->flags & O_ACCMODE) == O_WRONLY || ioctl(info->our_fd, SIOCINQ, &bytes) < 0 || bytes == 0)
		return;
	log_notice("fd %d, %s: %d bytes that the program has not read yet are not saved", file->fd,
		   file->description, bytes);
}

static int note(struct dump *dump, const struct open_file *file, const Cr__External *entry,
		const struct external_key *key)
{
	const struct process *process = file->receiver;
	Cr__ExternalFile *record = arena_new(&dump->arena, Cr__ExternalFile);
	Cr__ExternalFile **slot = record ? vector_append(dump, external_files) : NULL;

	if (!slot)
		return -ENOMEM;
	*slot = record;
	cr__external_file__init(record);
	record->key = entry->key;
	record->description = (char *)file->description;
	record->pid = process->pidref.pid;
	record->comm = (char *)process->status.name;
	record->fd = file->process ? file->fd : -1;
	record->standard = entry->standard;
	record->can_be_closed = can_be_closed(key) && entry->standard == 0;
	return 0;
}

static int make_entry(struct dump *dump, const struct fd_info *info, const struct external_key *key,
		      uint32_t standard, struct open_file *file)
{
	Cr__External *entry = arena_new(&dump->arena, Cr__External);
	char text[EXTERNAL_KEY_SIZE];

	if (!entry)
		return -ENOMEM;
	cr__external__init(entry);
	entry->key = arena_string(&dump->arena, external_key_format(key, text));
	if (!entry->key)
		return -ENOMEM;
	entry->type = info->stat.st_mode & S_IFMT;
	if (S_ISSOCK(info->stat.st_mode))
		entry->socket_type = (uint32_t)info->socket.type;
	entry->standard = standard;
	file->entry = &entry->base;
	file->description = fd_info_describe(info, &dump->arena);
	file->contents_size = 0;
	tell_unread(file, info);
	return note(dump, file, entry, key);
}

static int external_collect(struct dump *dump, const struct process *process maybe_unused,
			    const struct fd_info *info, struct open_file *file)
{
	struct external_key key;
	int r = find_wanted(dump, info, &key) ? make_entry(dump, info, &key, 0, file) : -ENOENT;

	return r < 0 ? log_error_errno(r, "cannot note what it is") : 0;
}

/* Which of the standard descriptors of any process it is: bits. */
static uint32_t find_standard(const struct dump *dump, const struct open_file *file)
{
	uint32_t standard = 0;

	for (size_t i = 0; i < dump->processes_count; i++)
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			if (open_files_get(&dump->processes[i], fd) == file->image.id)
				standard |= 1U << fd;
	return standard;
}

const char *external_option(struct dump *dump, const struct open_file *file, enum external_type type)
{
	const struct external_key key = {.type = type, .first = file->inode};
	char text[EXTERNAL_KEY_SIZE];

	return arena_format(&dump->arena, "--external %s", external_key_format(&key, text));
}

const char *external_advice(struct dump *dump, const struct open_file *file, enum external_type type)
{
	bool is_standard = find_standard(dump, file) != 0;
	const char *option = external_option(dump, file, type);
	const char *advice =
		option ? arena_format(&dump->arena,
				      "give %s, and another in its place at restore (--inherit-fd)%s", option,
				      is_standard ? ", or --stdio=inherit on both commands" : "")
		       : NULL;

	return advice ? advice : "give --external";
}

int external_take_standard(struct dump *dump, struct open_file *file)
{
	cleanup_(fd_info_done) struct fd_info info = {.our_fd = -EBADF};
	uint32_t standard =
		dump->options->standard_fds == STANDARD_FDS_INHERITED ? find_standard(dump, file) : 0;
	struct external_key key;
	int r;

	if (standard == 0)
		return 0;
	r = open_file_look(file, &info);
	if (r == 0 && !has_any_key(&info, &key))
		return 0;
	if (r == 0)
		r = make_entry(dump, &info, &key, standard, file);
	if (r < 0)
		return log_error_errno(r, "cannot note what fd %d is", file->fd);
	file->kind = &external_fd_dumper;
	return 1;
}

int external_settle(struct dump *dump, struct open_file *file, size_t count)
{
	int r = dump->blockers.texts_count > count ? external_take_standard(dump, file) : 0;

	if (r > 0)
		blockers_truncate(&dump->blockers, count);
	return r;
}

/* None is by itself: only what the user has named is, or what others have found to be. */
static bool external_matches(const struct fd_info *info maybe_unused)
{
	return false;
}

const struct fd_dumper external_fd_dumper = {
	.name = "external",
	.matches = external_matches,
	.collect = external_collect,
};
