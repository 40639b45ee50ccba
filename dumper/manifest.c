/* SPDX-License-Identifier: MIT */
/* The manifest of an archive. */
#include "dumper/manifest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "common/build_id.h"
#include "common/cleanup.h"
#include "common/host.h"
#include "common/log.h"
#include "common/proc/time_offsets.h"
#include "common/vdso.h"
#include "common/vector.h"
#include "format/version.h"

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Copies COUNT strings; NULL when memory is short. */
static char **strings_copy(struct arena *arena, const char *const *strings, size_t count)
{
	char **copies = arena_array(arena, char *, count + 1);

	for (size_t i = 0; copies && i < count; i++) {
		copies[i] = arena_string(arena, strings[i]);
		if (!copies[i])
			return NULL;
	}
	return copies;
}

static int cpu_fill(struct dump *dump, Cr__Host *image)
{
	cleanup_(host_done) struct host host = {0};
	int r = host_describe(&host);

	if (r < 0)
		return log_error_errno(r, "cannot describe this host's processor");
	image->cpu_model = arena_string(&dump->arena, host.cpu_model);
	image->cpu_flags = strings_copy(&dump->arena, host.cpu_flags, host.cpu_flags_count);
	if (!image->cpu_model || !image->cpu_flags)
		return log_error_errno(-ENOMEM, "cannot describe this host");
	image->n_cpu_flags = host.cpu_flags_count;
	image->xsave_features = host.xsave_features;
	image->vdso_size = host.vdso_size;
	image->vdso_hash = host.vdso_hash;
	return 0;
}

/* As the program sees them, which may be in another time namespace than we are. */
static int clocks_fill(struct dump *dump, Cr__Host *image)
{
	struct time_offsets own, theirs;
	int r = time_offsets_read_at(AT_FDCWD, "/proc/self/timens_offsets", &own);

	if (r == 0)
		r = time_offsets_read_at(dump->processes[0].proc_fd, "timens_offsets", &theirs);
	if (r < 0)
		return log_error_errno(r, "cannot read the offsets of its time namespace");
	image->monotonic_ns = dump->freeze_ns + theirs.monotonic_ns - own.monotonic_ns;
	image->boottime_ns = dump->freeze_ns + (clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC)) +
			     theirs.boottime_ns - own.boottime_ns;
	image->monotonic_offset_ns = theirs.monotonic_ns;
	image->boottime_offset_ns = theirs.boottime_ns;
	return 0;
}

static int host_fill(struct dump *dump, Cr__Host *image)
{
	struct utsname names;
	int r;

	if (uname(&names) < 0)
		return log_error_errno(-errno, "cannot ask for the name of this host");
	image->hostname = arena_string(&dump->arena, names.nodename);
	image->kernel_release = arena_string(&dump->arena, dump->features.release);
	image->machine = arena_string(&dump->arena, dump->features.machine);
	image->boot_id = arena_string(&dump->arena, dump->features.boot_id);
	if (!image->hostname || !image->kernel_release || !image->machine || !image->boot_id)
		return log_error_errno(-ENOMEM, "cannot describe this host");
	image->page_size = dump->features.page_size;
	r = clocks_fill(dump, image);
	return r < 0 ? r : cpu_fill(dump, image);
}

static int processes_fill(struct dump *dump, Cr__Manifest *manifest)
{
	manifest->processes = arena_array(&dump->arena, Cr__ProcessSummary *, dump->processes_count);
	if (!manifest->processes)
		return log_error_errno(-ENOMEM, "cannot list the processes");
	manifest->n_processes = 0;
	for (size_t i = 0; i < dump->processes_count; i++)
		if (dump->processes[i].summary)
			manifest->processes[manifest->n_processes++] = dump->processes[i].summary;
	return 0;
}

/* Of PATH if that is the very file of ST and an ELF file; what cannot be read is left out. */
static int build_id_fill(struct dump *dump, const char *path, const struct stat *st,
			 ProtobufCBinaryData *ret_id)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char id[BUILD_ID_SIZE_MAX];
	struct stat opened;
	size_t size;

	if (fd < 0 || fstat(fd, &opened) < 0 || opened.st_dev != st->st_dev || opened.st_ino != st->st_ino)
		return 0;
	if (build_id_read(fd, id, &size) < 0)
		return 0;
	*ret_id = arena_bytes(&dump->arena, id, size);
	return ret_id->data ? 0 : -ENOMEM;
}

static int file_add_pid(struct dump *dump, Cr__RequiredFile *file, int32_t pid)
{
	int32_t *pids;

	for (size_t i = 0; i < file->n_pids; i++)
		if (file->pids[i] == pid)
			return 0;
	pids = arena_array(&dump->arena, int32_t, file->n_pids + 1);
	if (!pids)
		return -ENOMEM;
	if (file->n_pids)
		memcpy(pids, file->pids, file->n_pids * sizeof(*pids));
	pids[file->n_pids] = pid;
	file->pids = pids;
	file->n_pids++;
	return 0;
}

/* A file that is needed, and which one it was. */
struct noted_file {
	Cr__RequiredFile image;
	struct stat stat;
};

/* Opening a file is an event for whoever watches it (inotify(7)), so this waits until it is clear that all
 * can be dumped. */
static int build_ids_fill(struct dump *dump)
{
	for (size_t i = 0; i < dump->files_count; i++) {
		struct noted_file *file = (struct noted_file *)dump->files[i];
		int r = 0;

		if (file->image.must_match_size && S_ISREG(file->stat.st_mode))
			r = build_id_fill(dump, file->image.path, &file->stat, &file->image.build_id);
		if (r < 0)
			return log_error_errno(r, "cannot keep the build id of '%s'", file->image.path);
	}
	return 0;
}

/* The entry of PATH, a new one if there is none; NULL when memory is short. */
static Cr__RequiredFile *file_entry(struct dump *dump, const char *path, const struct stat *st,
				    const char *use)
{
	uint64_t hash = fnv1a_hash(path, strlen(path)), index = 0;
	struct noted_file *noted;
	Cr__RequiredFile *file, **slot;

	/* Another path of the same hash makes two entries of one file at the worst. */
	if (id_map_get(&dump->files_by_path, hash, &index) && strcmp(dump->files[index - 1]->path, path) == 0)
		return dump->files[index - 1];
	noted = arena_new(&dump->arena, struct noted_file);
	if (!noted)
		return NULL;
	noted->stat = *st;
	file = &noted->image;
	cr__required_file__init(file);
	file->path = arena_string(&dump->arena, path);
	file->use = arena_string(&dump->arena, use);
	if (!file->path || !file->use)
		return NULL;
	file->mode = st->st_mode;
	file->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		file->device = st->st_rdev;
	slot = vector_append(dump, files);
	if (!slot || id_map_set(&dump->files_by_path, hash, dump->files_count) < 0)
		return NULL;
	*slot = file;
	return file;
}

int dump_require_file(struct dump *dump, const struct process *process, const char *path,
		      const struct stat *st, bool must_match_size, const char *use)
{
	Cr__RequiredFile *file = file_entry(dump, path, st, use);

	if (!file)
		return -ENOMEM;
	file->must_match_size |= must_match_size;
	return file_add_pid(dump, file, process->pidref.pid);
}

int manifest_collect(struct dump *dump, int argc, char **argv)
{
	Cr__Manifest *manifest = dump->manifest;
	Cr__Host *host = arena_new(&dump->arena, Cr__Host);
	int r;

	if (!manifest) {
		manifest = arena_new(&dump->arena, Cr__Manifest);
		if (manifest)
			cr__manifest__init(manifest);
	}
	if (!manifest || !host)
		return log_error_errno(-ENOMEM, "cannot make the manifest");
	dump->manifest = manifest;
	cr__host__init(host);
	manifest->host = host;
	manifest->format_version = ARCHIVE_FORMAT_VERSION;
	manifest->dumper_version = CR_VERSION;
	manifest->dump_time_ns = clock_ns(CLOCK_REALTIME);
	manifest->is_shell_job = dump->options->is_shell_job;
	manifest->arguments = strings_copy(&dump->arena, (const char *const *)argv, (size_t)argc);
	if (!manifest->arguments)
		return log_error_errno(-ENOMEM, "cannot keep the command line");
	manifest->n_arguments = (size_t)argc;
	manifest->files = dump->files;
	manifest->n_files = dump->files_count;
	manifest->external_unix_sockets = dump->external_unix_sockets;
	manifest->n_external_unix_sockets = dump->external_unix_sockets_count;
	manifest->external_files = dump->external_files;
	manifest->n_external_files = dump->external_files_count;
	r = build_ids_fill(dump);
	if (r == 0)
		r = host_fill(dump, host);
	return r < 0 ? r : processes_fill(dump, manifest);
}
