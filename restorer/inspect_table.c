/* SPDX-License-Identifier: MIT */
/* A manifest as a person reads it: who, where, when and what. Text from the archive is made safe for the
 * terminal. */
#include "restorer/inspect_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/cgroup.h"
#include "common/cleanup.h"
#include "common/id_map.h"
#include "common/log.h"
#include "common/printable.h"
#include "common/progress.h"
#include "format/cgroup.h"
#include "format/fd/unix_socket.h"

/* In a tree that is deeper, lines are not indented any further. */
#define TREE_DEPTH_MAX 12U

static void print_text(const char *text)
{
	char buffer[PRINTABLE_SIZE];

	fputs(printable(text, buffer, sizeof(buffer)), stdout);
}

static void print_field(const char *label, const char *text)
{
	printf("%-12s", label);
	print_text(text);
	putchar('\n');
}

static void print_size(const char *name, const struct archive_extent *extent)
{
	char size[32], content[32];

	printf("%-12s", "Archive:");
	print_text(name);
	if (extent->size > 0 && extent->content_size > 0)
		printf(" (%s, %.1f %% of %s)", format_bytes(extent->size, size, sizeof(size)),
		       100.0 * (double)extent->size / (double)extent->content_size,
		       format_bytes(extent->content_size, content, sizeof(content)));
	putchar('\n');
}

static void print_time(const Cr__Manifest *manifest)
{
	time_t seconds = (time_t)(manifest->dump_time_ns / 1000000000);
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	printf("%-12s%s, by cr-dump ", "Dumped:", *text ? text : "at no possible time");
	print_text(manifest->dumper_version);
	putchar('\n');
}

static void print_origin(const Cr__Manifest *manifest)
{
	const Cr__Host *host = manifest->host;

	printf("%-12s", "Command:");
	for (size_t i = 0; i < manifest->n_arguments; i++) {
		if (i > 0)
			putchar(' ');
		print_text(manifest->arguments[i]);
	}
	printf("\n%-12s", "Host:");
	print_text(host->hostname);
	fputs(", Linux ", stdout);
	print_text(host->kernel_release);
	putchar(' ');
	print_text(host->machine);
	putchar('\n');
	print_field("Processor:", host->cpu_model);
	if (manifest->is_shell_job)
		print_field("Restore:", "needs --shell-job, as it is part of a shell's session");
	if (manifest->n_file_locks > 0)
		print_field("Restore:", "needs --file-locks, as it has file locks");
	if (manifest->tcp_connections > 0)
		print_field("Restore:", "needs --tcp-established or --tcp-close, as it has TCP connections");
	if (manifest->network_lock && manifest->network_lock[0])
		print_field("Packets:", manifest->network_lock);
}

/* Servers outside, which the restore will connect to. */
static void print_external_sockets(const Cr__Manifest *manifest)
{
	if (manifest->n_external_unix_sockets > 0)
		print_field("Restore:", "needs --ext-unix-sk, as it is connected to servers outside");
	for (size_t i = 0; i < manifest->n_external_unix_sockets; i++) {
		const Cr__ExternalUnixSocket *external = manifest->external_unix_sockets[i];
		char name[UNIX_NAME_SIZE_MAX * 4 + 16];

		fputs("needs: ", stdout);
		if (external->peer_path[0])
			print_text(external->peer_path);
		else
			fputs(unix_name_format(external->peer_name.data, external->peer_name.len, name,
					       sizeof(name)),
			      stdout);
		printf(" (%s), for pid %d ", unix_type_name(external->type), external->pid);
		print_text(external->comm);
		if (external->fd >= 0)
			printf(" fd %d\n", external->fd);
		else
			fputs(", in a queue\n", stdout);
	}
}

/* What leads outside, and what to give for it. */
static void print_external_files(const Cr__Manifest *manifest)
{
	for (size_t i = 0; i < manifest->n_external_files; i++) {
		const Cr__ExternalFile *external = manifest->external_files[i];

		fputs(external->can_be_closed ? "takes: " : "needs: ", stdout);
		if (external->standard != 0)
			fputs("--stdio=inherit, or ", stdout);
		fputs("--inherit-fd=fd[N]:", stdout);
		print_text(external->key);
		fputs(" (", stdout);
		print_text(external->description);
		printf("), for pid %d ", external->pid);
		print_text(external->comm);
		if (external->fd >= 0)
			printf(" fd %d", external->fd);
		else
			fputs(", in a queue", stdout);
		puts(external->can_be_closed ? "; else its other end is closed" : "");
	}
}

/* The processes as a tree, by index; 0 stands for none, as the root is nobody's child. */
struct process_tree {
	size_t *parent, *first_child, *next_sibling;
};

static void process_tree_done(struct process_tree *tree)
{
	free(tree->parent);
	free(tree->first_child);
	free(tree->next_sibling);
}

/* In the manifest parents stand before their children. */
static int process_tree_init(struct process_tree *tree, const Cr__Manifest *manifest)
{
	cleanup_(id_map_done) struct id_map by_pid = {0};
	size_t count = manifest->n_processes;

	tree->parent = calloc(count, sizeof(size_t));
	tree->first_child = calloc(count, sizeof(size_t));
	tree->next_sibling = calloc(count, sizeof(size_t));
	if (!tree->parent || !tree->first_child || !tree->next_sibling)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint64_t parent;

		if (id_map_get(&by_pid, (uint64_t)manifest->processes[i]->ppid, &parent))
			tree->parent[i] = parent;
		if (id_map_set(&by_pid, (uint64_t)manifest->processes[i]->pid, i) < 0)
			return -ENOMEM;
	}
	for (size_t i = count; i-- > 1;) {
		tree->next_sibling[i] = tree->first_child[tree->parent[i]];
		tree->first_child[tree->parent[i]] = i;
	}
	return 0;
}

/* The process to show after number *AT, 0 behind the last; *DEPTH is how many it descends from. */
static size_t process_tree_next(const struct process_tree *tree, size_t at, unsigned *depth)
{
	if (tree->first_child[at] != 0) {
		(*depth)++;
		return tree->first_child[at];
	}
	while (at != 0 && tree->next_sibling[at] == 0) {
		at = tree->parent[at];
		(*depth)--;
	}
	return at != 0 ? tree->next_sibling[at] : 0;
}

static void print_process(const Cr__ProcessSummary *process, unsigned depth)
{
	char mapped[32], stored[32];
	unsigned indent = MIN(depth, TREE_DEPTH_MAX);

	printf("%8d %8d %8zu %12s %12s  %*s%s", process->pid, process->ppid,
	       process->n_tids > 0 ? process->n_tids : 1,
	       format_bytes(process->mapped_bytes, mapped, sizeof(mapped)),
	       format_bytes(process->stored_bytes, stored, sizeof(stored)),
	       indent > 0 ? (int)(indent - 1) * 3 : 0, "", indent > 0 ? "\\_ " : "");
	print_text(process->comm);
	fputs(" (", stdout);
	print_text(process->exe);
	fputs(")\n", stdout);
}

static int print_processes(const Cr__Manifest *manifest)
{
	cleanup_(process_tree_done) struct process_tree tree = {0};
	unsigned depth = 0;
	size_t at = 0;

	if (process_tree_init(&tree, manifest) < 0)
		return log_error_errno(-ENOMEM, "cannot show the processes");
	printf("\n%8s %8s %8s %12s %12s  %s\n", "PID", "PARENT", "THREADS", "MAPPED", "STORED", "COMMAND");
	do {
		print_process(manifest->processes[at], depth);
		at = process_tree_next(&tree, at, &depth);
	} while (at != 0);
	return 0;
}

static bool is_same_group(const Cr__Cgroup *group, const Cr__Cgroup *other)
{
	return group->is_of_dumper == other->is_of_dumper && strcmp(group->path, other->path) == 0;
}

/* Each group once, with all hierarchies in which it is called so. */
static void print_cgroup_set(const Cr__Cgroups *cgroups, uint32_t set)
{
	for (size_t h = 0; h < cgroups->n_hierarchies; h++) {
		const Cr__Cgroup *group = cgroup_of_set(cgroups, set, h);
		bool is_shown = false;

		for (size_t i = 0; i < h; i++)
			is_shown |= is_same_group(cgroup_of_set(cgroups, set, i), group);
		if (is_shown)
			continue;
		fputs("    ", stdout);
		print_text(group->path);
		for (size_t i = h; i < cgroups->n_hierarchies; i++) {
			if (!is_same_group(cgroup_of_set(cgroups, set, i), group))
				continue;
			fputs(i == h ? " (" : ", ", stdout);
			print_text(cgroup_hierarchy_name(cgroups->hierarchies[i]->controllers));
		}
		puts(group->is_of_dumper ? "), as cr-dump" : ")");
	}
}

static int print_cgroups(const Cr__Manifest *manifest)
{
	const Cr__Cgroups *cgroups = manifest->cgroups;
	cleanup_free size_t *counts = cgroups ? calloc(cgroups->n_sets + 1, sizeof(*counts)) : NULL;

	if (!cgroups)
		return 0;
	if (!counts)
		return log_error_errno(-ENOMEM, "cannot show the cgroups");
	for (size_t i = 0; i < manifest->n_processes; i++)
		counts[manifest->processes[i]->cgroup_set]++;
	for (size_t i = 0; i < manifest->n_processes; i++) {
		const Cr__ProcessSummary *process = manifest->processes[i];
		size_t *count = &counts[process->cgroup_set];

		if (process->cgroup_set == 0 || *count == 0)
			continue;
		printf("\nCgroups of pid %d (", process->pid);
		print_text(process->comm);
		if (*count > 1)
			printf(") and %zu more:\n", *count - 1);
		else
			puts("):");
		print_cgroup_set(cgroups, process->cgroup_set);
		*count = 0;
	}
	return 0;
}

static void print_file_locks(const Cr__Manifest *manifest)
{
	if (manifest->n_file_locks > 0)
		puts("\nFile locks:");
	for (size_t i = 0; i < manifest->n_file_locks; i++) {
		const Cr__FileLockSummary *lock = manifest->file_locks[i];

		printf("%8d  fd %-5d  ", lock->pid, lock->fd);
		print_text(lock->description);
		fputs(", ", stdout);
		print_text(lock->path);
		putchar('\n');
	}
}

static void print_open_files(const Cr__ProcessSummary *process)
{
	char kind[64];

	printf("\nOpen files of pid %d (", process->pid);
	print_text(process->comm);
	printf("):%s\n", process->n_open_files == 0 ? " none" : "");
	if (process->n_open_files > 0)
		printf("%8s  %-10s  %s\n", "FD", "KIND", "WHAT");
	for (size_t i = 0; i < process->n_open_files; i++) {
		const Cr__OpenFileSummary *file = process->open_files[i];

		printf("%8d  %-10s  ", file->fd, printable(file->kind, kind, sizeof(kind)));
		print_text(file->description);
		putchar('\n');
	}
}

static void print_files(const Cr__Manifest *manifest)
{
	if (manifest->n_files == 0)
		return;
	printf("\nFiles that must be there:\n%12s  %-18s  %s\n", "SIZE", "USE", "PATH");
	for (size_t i = 0; i < manifest->n_files; i++) {
		const Cr__RequiredFile *file = manifest->files[i];
		char size[32] = "any", use[64];

		if (file->must_match_size)
			snprintf(size, sizeof(size), "%" PRIu64, file->size);
		printf("%12s  %-18s  ", size, printable(file->use, use, sizeof(use)));
		print_text(file->path);
		putchar('\n');
	}
}

int inspect_table_print(const char *name, const Cr__Manifest *manifest, const struct archive_extent *extent)
{
	int r;

	print_size(name, extent);
	print_time(manifest);
	print_origin(manifest);
	print_external_sockets(manifest);
	print_external_files(manifest);
	r = print_processes(manifest);
	if (r == 0)
		r = print_cgroups(manifest);
	if (r < 0)
		return r;
	for (size_t i = 0; i < manifest->n_processes; i++)
		print_open_files(manifest->processes[i]);
	print_file_locks(manifest);
	print_files(manifest);
	return 0;
}
