/* SPDX-License-Identifier: MIT */
/*
 * One run of cr-restore: the context that is the first argument everywhere, and its stages.
 *
 * Images are read whole, as the protobuf messages of format/, before anything is created; what speaks against
 * a restore here and now is collected in restore->blockers by the preflight.
 */
#pragma once

#include <sched.h>

#include "common/blockers.h"
#include "common/id_map.h"
#include "common/probe.h"
#include "common/proc/maps.h"
#include "common/proc/time_offsets.h"
#include "common/tracee/puppet.h"
#include "common/tree_plan.h"
#include "format/archive_reader.h"
#include "format/fd/open_file.pb-c.h"
#include "format/kinds.h"
#include "format/manifest.pb-c.h"
#include "format/sharing.h"
#include "format/task/memory.pb-c.h"
#include "format/task/process.pb-c.h"
#include "format/version.h"
#include "restorer/options.h"
#include "restorer/pid_namespace.h"
#include "restorer/task/own_credentials.h"

struct thread {
	const Cr__Thread *image; /* borrowed from the task's process image */
	struct puppet puppet;
};

/* A process being restored. */
struct task {
	/* The plan, restorer/plan.h. */
	struct task *parent;    /* NULL: cr-restore, of the root */
	bool is_late;           /* is made when the memory of those before it has been filled */
	bool is_made_by_parent; /* as fork(2) does, so that it begins with a copy of its memory */
	uint64_t child_signals; /* exit signals of its children, bit N-1 is signal N */
	bool has_stopped_child;
	bool has_children; /* or has for a while, for others */

	Cr__Process *image;                /* owned, message_free() */
	Cr__Memory *memory;                /* owned by owners[SHARED_MEMORY] */
	Cr__DescriptorTable *descriptors;  /* owned by owners[SHARED_FILES] */
	struct task *owners[SHARED_COUNT]; /* the first that has it: the task itself, if it is not shared */
	struct thread *threads;            /* the leader first */
	size_t threads_count;
	uint64_t *kept_ends;           /* the same: see MAPPING_IS_KEPT */
	unsigned char *mapping_states; /* restorer/inherit.h, by index in Memory.mappings; owned */
	int *mapped_fds;               /* by index in Memory.files, of restore->mapped_files; owned */
	int exe_fd;                    /* the same; borrowed */
	int controller_fd_inside;      /* pidfd of the controller in the task */
	bool has_pages;                /* its pages have been read */
	uint32_t cgroup_set;           /* in which its puppet is; 0: that of cr-restore */
};

struct ipc;
struct cgroups;
struct stand_in;
struct mapped_file;
struct planned_lock;
struct object; /* an open file description, restorer/fd/fd_restorer.h */

/* A zombie has no memory, no descriptors and no threads but the puppet that it is made of. */
static inline struct puppet *task_puppet(struct task *task)
{
	return &task->threads[0].puppet;
}

struct ghost; /* a file that no path leads to, restorer/ghosts.h */

/* Whose contents a member behind the images holds: one of these. */
struct contents {
	struct task *task;
	struct ghost *ghost;
	struct object *object;
};

/* What the children of a maker begin with, if they are not emptied: its mappings, but for what is not passed
 * on. */
struct copied_vmas {
	bool is_known;
	size_t maker; /* as in the plan */
	struct vma_list vmas;
};

struct restore {
	const struct restore_options *options;
	struct pid_namespace *pid_namespace; /* borrowed */
	struct kernel_features features;
	struct time_offsets
		clock_shift; /* of the clocks that the program will have, from those of cr-restore */
	struct own_credentials own_credentials;
	cpu_set_t own_cpus; /* restorer/affinity.h */
	bool is_on_one_cpu;
	struct blockers blockers;
	int input_fd;
	bool is_seekable;
	struct archive_reader *reader;
	struct archive_member
		next_contents; /* where the reader stands after the images; no name: there are none */
	Cr__Manifest *manifest;
	struct task *tasks; /* in the manifest's order */
	size_t tasks_count;
	struct id_map tasks_by_pid;          /* index in tasks */
	struct id_map thread_ids;            /* and of processes, since plan_tree() */
	struct tree_plan tree_plan;          /* its nodes are the tasks */
	size_t steps_done_count;             /* of the plan, late ones among them */
	struct dead_process *dead_processes; /* restorer/dead_process.h */
	size_t dead_processes_count, dead_processes_capacity;
	struct stand_in *stand_ins; /* restorer/plan.h; those of the plan */
	size_t stand_ins_count;
	size_t stand_ins_capacity;
	struct vma_list own_vmas;         /* restorer/memory.h, memory_find_home() */
	struct copied_vmas copied_vmas;   /* of the last maker, restorer/making.c */
	struct mapped_file *mapped_files; /* restorer/mapped_files.c */
	size_t mapped_files_count;
	size_t mapped_files_capacity;
	struct id_map mapped_files_by_path;
	struct cgroups *cgroups; /* restorer/cgroups.h; NULL: they are not to be restored */
	struct ipc *ipc;         /* restorer/ipc.h; NULL: there is none */
	struct ghost *ghosts;    /* by id - 1 */
	size_t ghosts_count;
	size_t ghosts_capacity;
	size_t ghosts_complete; /* so many of the first have their contents */
	struct object *objects;
	size_t objects_count;
	size_t objects_capacity;
	struct id_map objects_by_id;     /* open_file_id -> index in objects + 1 */
	struct planned_lock *file_locks; /* restorer/fd/file_locks.c */
	size_t file_locks_count;
	size_t file_locks_capacity;
	bool is_done;                        /* everything runs: what was made on the host for it stays */
	void *fd_kind_states[FD_KIND_COUNT]; /* what a kind keeps, see fd_restorer.h */
};

/* Runs all stages. Returns the exit status of the command (common/exit_status.h). */
int restore_run(const struct restore_options *options);

static inline bool task_owns(const struct task *task, enum shared_resource resource)
{
	return task->owners[resource] == task;
}

/* Calls STEP with every task but zombies, in a log scope with its pid, until one fails. */
int must_check restore_each_task(struct restore *restore,
				 int (*step)(struct restore *restore, struct task *task));

/* restorer/read.c: reads manifest and images up to the pages. -EBADMSG after logging what is wrong. */
int must_check restore_read_manifest(struct restore *restore);
int must_check restore_read_images(struct restore *restore, struct archive_member *ret_first_contents);

/* restorer/preflight.c: adds to restore->blockers all that would stop a restore here and now; creates
 * nothing. */
int must_check preflight_run(struct restore *restore);

/* restorer/inspect.c: --list, --inspect, --json, --verify. Return an exit status. */
int inspect_list(struct restore *restore);
int inspect_show(struct restore *restore);
int inspect_verify(struct restore *restore);
