/* SPDX-License-Identifier: MIT */
/* What a manifest must say. */
#include "common/netlink/packet_lock.h"
#include "format/manifest_check.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "common/build_id.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/printable.h"
#include "format/cgroup.h"
#include "format/fd/external.h"
#include "format/fd/unix_socket.h"
#include "format/layout.h"
#include "format/version.h"

/* Names that Manifest.required_features may have. */
static const char *const known_features[] = {
	NULL, /* none yet */
};

#define bad_manifest(...) (log_error("the manifest is bad: " __VA_ARGS__), -EBADMSG)

static bool feature_is_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_features); i++)
		if (known_features[i] && strcmp(known_features[i], name) == 0)
			return true;
	return false;
}

static int features_check(const Cr__Manifest *manifest)
{
	char text[128];
	int r = 0;

	for (size_t i = 0; i < manifest->n_required_features; i++) {
		if (feature_is_known(manifest->required_features[i]))
			continue;
		log_error("the archive needs the feature '%s', which is not known to this cr-restore: use a "
			  "newer one",
			  printable(manifest->required_features[i], text, sizeof(text)));
		r = -EBADMSG;
	}
	return r;
}

static int process_summary_check(const Cr__Manifest *manifest, size_t number, struct id_map *seen)
{
	const Cr__ProcessSummary *process = manifest->processes[number];

	if (!layout_pid_is_valid(process->pid) || process->ppid < 0)
		return bad_manifest("%d, child of %d, cannot be a process", process->pid, process->ppid);
	if (id_map_get(seen, (uint64_t)process->pid, NULL))
		return bad_manifest("process %d is there twice", process->pid);
	if (number > 0 && !id_map_get(seen, (uint64_t)process->ppid, NULL))
		return bad_manifest("the parent %d of process %d is not before it", process->ppid,
				    process->pid);
	if (process->cgroup_set > (manifest->cgroups ? manifest->cgroups->n_sets : 0))
		return bad_manifest("process %d is in no cgroups that it tells of", process->pid);
	for (size_t i = 0; i < process->n_tids; i++)
		if (!layout_pid_is_valid(process->tids[i]))
			return bad_manifest("%d cannot be a thread", process->tids[i]);
	if (id_map_set(seen, (uint64_t)process->pid, number) < 0)
		return log_error_errno(-ENOMEM, "cannot read the manifest");
	return 0;
}

static int processes_check(const Cr__Manifest *manifest)
{
	cleanup_(id_map_done) struct id_map seen = {0};
	int r;

	if (manifest->n_processes == 0 || manifest->n_processes > LAYOUT_PROCESSES_MAX)
		return bad_manifest("it has %zu processes", manifest->n_processes);
	for (size_t i = 0; i < manifest->n_processes; i++) {
		r = process_summary_check(manifest, i, &seen);
		if (r < 0)
			return r;
	}
	return 0;
}

static int required_files_check(const Cr__Manifest *manifest)
{
	for (size_t i = 0; i < manifest->n_files; i++) {
		const Cr__RequiredFile *file = manifest->files[i];

		if (!file->path || file->path[0] != '/' || strlen(file->path) >= PATH_MAX)
			return bad_manifest("file %zu has no absolute path", i);
		if (file->build_id.len > BUILD_ID_SIZE_MAX)
			return bad_manifest("the build id of file %zu has %zu bytes", i, file->build_id.len);
	}
	return 0;
}

static int external_sockets_check(const Cr__Manifest *manifest)
{
	for (size_t i = 0; i < manifest->n_external_unix_sockets; i++) {
		const char *reason = NULL;

		if (external_unix_socket_check(manifest->external_unix_sockets[i], &reason) < 0)
			return bad_manifest("external unix socket %zu: %s", i, reason);
	}
	return 0;
}

static int external_files_check(const Cr__Manifest *manifest)
{
	for (size_t i = 0; i < manifest->n_external_files; i++) {
		const char *reason = NULL;

		if (external_file_check(manifest->external_files[i], &reason) < 0)
			return bad_manifest("external file %zu: %s", i, reason);
	}
	return 0;
}

/* Far more than any clock shows, and far from an overflow where they are added. */
static int clocks_check(const Cr__Manifest *manifest)
{
	const int64_t max = INT64_C(1) << 61;
	const Cr__Host *host = manifest->host;

	if (manifest->dump_time_ns < 0 || host->monotonic_ns < 0 || host->monotonic_ns > max ||
	    host->boottime_ns < 0 || host->boottime_ns > max)
		return bad_manifest("its clocks are not possible");
	if (host->monotonic_offset_ns < -max || host->monotonic_offset_ns > max ||
	    host->boottime_offset_ns < -max || host->boottime_offset_ns > max)
		return bad_manifest("the offsets of its time namespace are not possible");
	return 0;
}

int manifest_check(const Cr__Manifest *manifest)
{
	int r;

	if (manifest->format_version != ARCHIVE_FORMAT_VERSION) {
		log_error("format version %" PRIu32 " is not known to this cr-restore (it reads %d)",
			  manifest->format_version, ARCHIVE_FORMAT_VERSION);
		return -EBADMSG;
	}
	r = features_check(manifest);
	if (r < 0)
		return r;
	if (!manifest->host)
		return bad_manifest("it does not say where it was made");
	r = clocks_check(manifest);
	if (r == 0)
		r = processes_check(manifest);
	if (r == 0)
		r = required_files_check(manifest);
	if (r == 0)
		r = cgroups_check(manifest->cgroups);
	if (r == 0)
		r = external_sockets_check(manifest);
	if (r == 0 && manifest->network_lock && manifest->network_lock[0] &&
	    !packet_lock_is_name(manifest->network_lock))
		return bad_manifest("what holds packets back has an invalid name");
	return r < 0 ? r : external_files_check(manifest);
}
