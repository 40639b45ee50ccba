/* SPDX-License-Identifier: MIT */
/* A manifest as JSON. Names are those of format/manifest.proto; large numbers are exact, whatever a reader
 * makes of them. */
#include "restorer/inspect_json.h"

#include <stdio.h>

#include "common/json.h"
#include "format/cgroup.h"
#include "format/fd/unix_socket.h"

static void print_host(struct json *json, const Cr__Host *host)
{
	json_open(json, "host", '{');
	json_string(json, "hostname", host->hostname);
	json_string(json, "kernel_release", host->kernel_release);
	json_string(json, "machine", host->machine);
	json_string(json, "boot_id", host->boot_id);
	json_unsigned(json, "page_size", host->page_size);
	json_string(json, "cpu_model", host->cpu_model);
	json_strings(json, "cpu_flags", host->cpu_flags, host->n_cpu_flags);
	json_unsigned(json, "xsave_features", host->xsave_features);
	json_unsigned(json, "vdso_size", host->vdso_size);
	json_unsigned(json, "vdso_hash", host->vdso_hash);
	json_signed(json, "monotonic_ns", host->monotonic_ns);
	json_signed(json, "boottime_ns", host->boottime_ns);
	json_close(json, '}');
}

static void print_cgroups(struct json *json, const Cr__Cgroups *cgroups, uint32_t set)
{
	json_open(json, "cgroups", '[');
	for (size_t h = 0; set != 0 && h < cgroups->n_hierarchies; h++) {
		const Cr__Cgroup *group = cgroup_of_set(cgroups, set, h);

		json_open(json, NULL, '{');
		json_string(json, "controllers", cgroups->hierarchies[h]->controllers);
		json_string(json, "path", group->path);
		json_bool(json, "is_of_dumper", group->is_of_dumper);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void print_process(struct json *json, const Cr__Manifest *manifest, const Cr__ProcessSummary *process)
{
	json_open(json, NULL, '{');
	json_signed(json, "pid", process->pid);
	json_signed(json, "ppid", process->ppid);
	json_string(json, "comm", process->comm);
	json_string(json, "exe", process->exe);
	json_numbers(json, "tids", process->tids, process->n_tids);
	json_unsigned(json, "mapped_bytes", process->mapped_bytes);
	json_unsigned(json, "stored_bytes", process->stored_bytes);
	print_cgroups(json, manifest->cgroups, process->cgroup_set);
	json_open(json, "open_files", '[');
	for (size_t i = 0; i < process->n_open_files; i++) {
		const Cr__OpenFileSummary *file = process->open_files[i];

		json_open(json, NULL, '{');
		json_signed(json, "fd", file->fd);
		json_string(json, "kind", file->kind);
		json_string(json, "description", file->description);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void print_file_lock(struct json *json, const Cr__FileLockSummary *lock)
{
	json_open(json, NULL, '{');
	json_signed(json, "pid", lock->pid);
	json_signed(json, "fd", lock->fd);
	json_string(json, "path", lock->path);
	json_string(json, "description", lock->description);
	json_close(json, '}');
}

static void print_file(struct json *json, const Cr__RequiredFile *file)
{
	json_open(json, NULL, '{');
	json_string(json, "path", file->path);
	json_unsigned(json, "mode", file->mode);
	json_unsigned(json, "size", file->size);
	json_bool(json, "must_match_size", file->must_match_size);
	json_bytes(json, "build_id", &file->build_id);
	json_unsigned(json, "device", file->device);
	json_numbers(json, "pids", file->pids, file->n_pids);
	json_string(json, "use", file->use);
	json_close(json, '}');
}

/* Abstract names begin with '@', as people write them; what it is to be connected to is one text for both. */
static void print_external_socket(struct json *json, const Cr__ExternalUnixSocket *external)
{
	char name[UNIX_NAME_SIZE_MAX * 4 + 16];

	json_open(json, NULL, '{');
	json_unsigned(json, "inode", external->inode);
	json_string(json, "type", unix_type_name(external->type));
	json_signed(json, "pid", external->pid);
	json_string(json, "comm", external->comm);
	json_signed(json, "fd", external->fd);
	json_string(json, "name",
		    unix_name_format(external->name.data, external->name.len, name, sizeof(name)));
	json_unsigned(json, "peer_inode", external->peer_inode);
	json_string(json, "peer_name",
		    unix_name_format(external->peer_name.data, external->peer_name.len, name, sizeof(name)));
	json_string(json, "peer_path", external->peer_path);
	json_signed(json, "peer_pid", external->peer_pid);
	json_string(json, "peer_comm", external->peer_comm);
	json_close(json, '}');
}

static void print_external_file(struct json *json, const Cr__ExternalFile *external)
{
	json_open(json, NULL, '{');
	json_string(json, "key", external->key);
	json_string(json, "description", external->description);
	json_signed(json, "pid", external->pid);
	json_string(json, "comm", external->comm);
	json_signed(json, "fd", external->fd);
	json_unsigned(json, "standard", external->standard);
	json_bool(json, "can_be_closed", external->can_be_closed);
	json_close(json, '}');
}

void inspect_json_print(const Cr__Manifest *manifest, const struct archive_extent *extent)
{
	struct json json = {.depth = 1, .is_first = true};

	putchar('{');
	json_unsigned(&json, "format_version", manifest->format_version);
	json_strings(&json, "required_features", manifest->required_features, manifest->n_required_features);
	json_string(&json, "dumper_version", manifest->dumper_version);
	json_signed(&json, "dump_time_ns", manifest->dump_time_ns);
	if (extent->size > 0) {
		json_unsigned(&json, "archive_size", extent->size);
		json_unsigned(&json, "content_size", extent->content_size);
	}
	print_host(&json, manifest->host);
	json_strings(&json, "arguments", manifest->arguments, manifest->n_arguments);
	json_open(&json, "processes", '[');
	for (size_t i = 0; i < manifest->n_processes; i++)
		print_process(&json, manifest, manifest->processes[i]);
	json_close(&json, ']');
	json_open(&json, "files", '[');
	for (size_t i = 0; i < manifest->n_files; i++)
		print_file(&json, manifest->files[i]);
	json_close(&json, ']');
	json_open(&json, "file_locks", '[');
	for (size_t i = 0; i < manifest->n_file_locks; i++)
		print_file_lock(&json, manifest->file_locks[i]);
	json_close(&json, ']');
	json_open(&json, "external_unix_sockets", '[');
	for (size_t i = 0; i < manifest->n_external_unix_sockets; i++)
		print_external_socket(&json, manifest->external_unix_sockets[i]);
	json_close(&json, ']');
	json_unsigned(&json, "tcp_connections", manifest->tcp_connections);
	json_string(&json, "network_lock", manifest->network_lock);
	json_open(&json, "external_files", '[');
	for (size_t i = 0; i < manifest->n_external_files; i++)
		print_external_file(&json, manifest->external_files[i]);
	json_close(&json, ']');
	json_bool(&json, "is_shell_job", manifest->is_shell_job);
	json_unsigned(&json, "needed_xsave_features", manifest->needed_xsave_features);
	json_unsigned(&json, "stored_bytes", manifest->stored_bytes);
	json_close(&json, '}');
	putchar('\n');
}
