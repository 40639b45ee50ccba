/* SPDX-License-Identifier: MIT */
/*
 * One run of cr-dump: the context that is the first argument everywhere, and its stages.
 *
 * Images are built as protobuf messages in the context's arena and written when all has been collected and
 * found consistent. Whatever cannot be preserved goes into dump->blockers with blockers_add(); collecting
 * goes on, so that the user sees all reasons together.
 */
#pragma once

#include "common/arena.h"
#include "common/blockers.h"
#include "common/id_map.h"
#include "common/pidref.h"
#include "common/probe.h"
#include "common/proc/maps.h"
#include "common/proc/ns_links.h"
#include "common/proc/stat.h"
#include "common/proc/status.h"
#include "common/tracee/borrow.h"
#include "common/tracee/tracee.h"
#include "dumper/options.h"
#include "dumper/sleep.h"
#include "format/archive_writer.h"
#include "format/fd/open_file.pb-c.h"
#include "format/ipc.pb-c.h"
#include "format/kinds.h"
#include "format/manifest.pb-c.h"
#include "format/sharing.h"
#include "format/task/memory.pb-c.h"
#include "format/task/process.pb-c.h"

struct thread {
	struct tracee tracee;
	int proc_fd;           /* /proc/PID/task/TID */
	struct status *status; /* see thread_status.h */
	struct registers registers;
	struct sleep_info sleep;
	uint32_t cgroup_set;     /* dumper/cgroups.h */
	Cr__Thread *image;       /* in the arena */
	bool has_more_questions; /* by its answers: another batch is needed, see task_dumper.h */
	bool is_in_vfork;        /* while others are let go on because of that, see vfork.h */
};

struct process {
	struct pidref pidref; /* its descriptor, and proc_fd: of the first thread */
	int proc_fd;
	struct thread *threads; /* the leader first, unless has_dead_leader */
	size_t threads_count;
	size_t threads_capacity;
	bool is_zombie;               /* it has exited: only ids, name and status are there, no thread */
	bool is_gone;                 /* while the tree is being frozen: it left no trace */
	bool is_refused;              /* likewise: a thread of it is traced by another process */
	bool has_dead_leader;         /* see dead_leader.h */
	struct stat_info leader_stat; /* then */
	pid_t parent_tid;             /* the thread of its parent whose child it is; 0: the main thread */
	size_t children_count;        /* living ones in the dump, since order_processes() */
	size_t next_child_asked;      /* see task/children.c */
	bool is_stopped;              /* was in a job-control stop when it was frozen */
	struct status status;         /* of the leader */
	struct stat_info stat;
	struct ns_links namespaces; /* of the leader */
	struct vma_list vmas;
	uint64_t executor_page;      /* the page of its memory in which it ran the executor; 0: none */
	bool has_shared_pages;       /* with another process, since a fork */
	size_t owners[SHARED_COUNT]; /* index of the first process that has it: its own, if it is not shared
				      */
	Cr__Process *image;
	Cr__Memory *memory;
	Cr__DescriptorTable *descriptors;
	Cr__ProcessSummary *summary;
};

/* An open file description that was met, see dumper/fd/open_files.h. */
struct open_file;

/* The search for what is held outside, see dumper/holders.h. */
struct holders;

/* What cr-dump itself is and has, with which tasks are compared. */
struct own_state {
	struct ns_links namespaces;
	struct status status;
	char *label; /* of a security module, owned; NULL if none labels tasks */
};

/* How descriptors are looked at, see dumper/fd/own_files.h. */
struct own_files;

/* A file lock, see dumper/fd/file_locks.c. */
struct known_lock;

/* See dumper/cgroups.h. */
struct cgroups;

/* Files that no path leads to, see dumper/ghosts.h. */
struct ghosts;

/* See dumper/task/landlock.c. */
struct landlock_witness;

struct dump {
	const struct dump_options *options;
	int argc; /* the command line, for the manifest; borrowed */
	char **argv;
	struct kernel_features features;
	struct own_state own;
	uint64_t time_namespace; /* of the first process */
	bool is_network_known;
	uint64_t network; /* SO_NETNS_COOKIE of our own sockets; 0: this kernel does not tell */
	struct arena arena;
	struct blockers blockers;
	struct process *processes; /* parents before children; [0] is the root */
	size_t processes_count;
	size_t processes_capacity;
	struct id_map
		processes_by_tid; /* index in processes of each process and thread, since order_processes() */
	struct open_file **open_files; /* in the arena */
	size_t open_files_count;
	size_t open_files_capacity;
	struct own_files *own_files;         /* dumper/fd/own_files.h; NULL: not needed yet */
	void *fd_kind_states[FD_KIND_COUNT]; /* what a kind keeps, see fd_dumper.h */
	struct known_lock *file_locks;       /* dumper/fd/file_locks.c */
	size_t file_locks_count;
	size_t file_locks_capacity;
	struct holders *holders; /* NULL: nobody has asked yet */
	struct ghosts *ghosts;   /* NULL: none yet */
	struct cgroups *cgroups; /* the same */
	Cr__Ipc *ipc;            /* dumper/ipc.h, in the arena */
	bool has_landlock;       /* a thread can be in a domain, dumper/task/landlock.c */
	struct landlock_witness *landlock_witnesses;
	size_t landlock_witnesses_count, landlock_witnesses_capacity;
	Cr__Manifest *manifest;
	Cr__RequiredFile **files; /* become manifest->files */
	size_t files_count;
	size_t files_capacity;
	struct id_map files_by_path;                    /* hash of the path -> index + 1 */
	Cr__ExternalUnixSocket **external_unix_sockets; /* become those of the manifest */
	size_t external_unix_sockets_count, external_unix_sockets_capacity;
	Cr__ExternalFile **external_files; /* the same */
	size_t external_files_count, external_files_capacity;
	struct archive_writer *writer; /* borrowed, while images are written */
	int64_t freeze_ns;             /* CLOCK_MONOTONIC when the tree was frozen */
	int64_t freeze_end_ns;         /* the same, by when it is to be */
	pid_t vfork_tid;               /* see freeze_process() */
	int64_t vfork_patience_ms;     /* how long a thread may be in vfork(2) next time */
};

/* Runs all stages. Returns the exit status of the command (common/exit_status.h). */
int dump_run(const struct dump_options *options, int argc, char **argv);

/*
 * Notes that PATH must be there at restore; ST is its stat. BUILD_ID may be NULL. One entry a path: a second
 * use is merged. Returns 0 or -ENOMEM.
 */
struct stat;
int must_check dump_require_file(struct dump *dump, const struct process *process, const char *path,
				 const struct stat *st, bool must_match_size, const char *use);
