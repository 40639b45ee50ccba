/* SPDX-License-Identifier: MIT */
/* Writes an archive that is well-formed but for one thing: make_bad WHAT FILE; "make_bad --list" lists all
 * WHATs. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/utsname.h>

#include "common/cleanup.h"
#include "common/host.h"
#include "format/archive_writer.h"
#include "format/fd/named_file.pb-c.h"
#include "format/fd/open_file.pb-c.h"
#include "format/ghost.pb-c.h"
#include "format/ipc.pb-c.h"
#include "format/layout.h"
#include "format/manifest.pb-c.h"
#include "format/task/memory.pb-c.h"
#include "format/task/process.pb-c.h"
#include "format/version.h"

/* High, so that nobody has it. */
#define PID 4194000
#define PAGE 4096U
#define BASE 0x10000000UL
#define MANY 64

/* The parts of an archive, for a case to spoil. */
struct parts {
	Cr__Manifest manifest;
	Cr__Host host;
	Cr__ProcessSummary summary;
	Cr__ProcessSummary *summaries[4];
	Cr__RequiredFile file;
	Cr__RequiredFile *files[1];
	Cr__Process process;
	Cr__Thread thread, other_thread;
	Cr__Thread *threads[2];
	Cr__Scheduling scheduling;
	Cr__Credentials credentials;
	uint32_t ids[4];
	Cr__IntervalTimer timer;
	Cr__IntervalTimer *timers[3];
	Cr__SignalAction action;
	Cr__SignalAction *actions[64];
	Cr__Directory root;
	char *cpu_flags[1];
	uint8_t registers[sizeof(struct user_regs_struct)];
	uint8_t xsave[576];
	Cr__Memory memory;
	Cr__MappedFile exe;
	Cr__MappedFile *mapped_files[1];
	Cr__Mapping mappings[MANY];
	Cr__Mapping *mapping_list[MANY];
	Cr__MemoryPolicy policy;
	uint64_t policy_nodes[17];
	uint64_t run_pages[MANY], run_counts[MANY], zero_pages[MANY], zero_counts[MANY];
	uint64_t guard_pages[1], guard_counts[1];
	uint32_t advice[1];
	Cr__DescriptorTable table;
	Cr__Descriptor descriptors[2];
	Cr__Descriptor *descriptor_list[2];
	Cr__Ipc ipc;
	Cr__SemaphoreSet set, *sets[1];
	Cr__SemaphoreUndo undo, *undos[1];
	uint32_t semaphore;
	int32_t semaphore_pid, adjustment;
	Cr__Ghost ghost;
	char *ghost_paths[2];
	uint64_t ghost_offsets[2], ghost_sizes[2];
	Cr__OpenFile open_file;
	Cr__OpenFile *open_files[1];
	Cr__FileLock lock;
	Cr__FileLock *locks[1];
	char *features[1];
	char *fills;

	/* What is written, and under which name. */
	int32_t task_pid, memory_pid, pages_pid, table_id;
	uint64_t pages_size;
	bool lacks_manifest, lacks_task, lacks_memory, lacks_table, lacks_pages;
	bool has_task_twice, has_memory_twice, has_pages_twice, is_task_after_pages;
	bool has_ghost, has_ghost_twice, lacks_ghost_contents, has_ghost_contents_late, has_open_file;
	bool has_ipc, has_ipc_twice;
	int32_t ghost_member;
	uint64_t ghost_contents_size;
	const char *extra_name;
	uint64_t task_garbage, extra_size;
};

/* Two bytes a thread in the archive, and some hundred of them when it is read. */
static void make_bomb(struct parts *parts)
{
	static Cr__Thread empty;
	static Cr__Thread *threads[1 << 20];

	cr__thread__init(&empty);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = &empty;
	parts->process.threads = threads;
	parts->process.n_threads = ARRAY_SIZE(threads);
}

/* Two children of the root, and then one of the first of these. */
static void make_branches(struct parts *parts)
{
	static Cr__ProcessSummary below[3];
	static char names[ARRAY_SIZE(below)][8] = {"first", "second", "third"};

	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		cr__process_summary__init(&below[i]);
		below[i].pid = PID + 1 + (int)i;
		below[i].ppid = i == 2 ? PID + 1 : PID;
		below[i].comm = below[i].exe = names[i];
		parts->summaries[i + 1] = &below[i];
	}
	parts->manifest.n_processes = ARRAY_SIZE(parts->summaries);
}

/* A deleted file of two extents, which the program's file is said to be. */
static void make_ipc(struct parts *parts)
{
	cr__ipc__init(&parts->ipc);
	cr__semaphore_set__init(&parts->set);
	cr__semaphore_undo__init(&parts->undo);
	parts->set.id = parts->undo.set_id = 0x7fff0000;
	parts->set.values = &parts->semaphore;
	parts->set.pids = &parts->semaphore_pid;
	parts->set.n_values = parts->set.n_pids = 1;
	parts->undo.pid = PID;
	parts->undo.adjustments = &parts->adjustment;
	parts->undo.n_adjustments = 1;
	parts->sets[0] = &parts->set;
	parts->undos[0] = &parts->undo;
	parts->ipc.sets = parts->sets;
	parts->ipc.undos = parts->undos;
	parts->ipc.n_sets = parts->ipc.n_undos = 1;
	parts->has_ipc = true;
}

static void make_ghost(struct parts *parts)
{
	Cr__Ghost *ghost = &parts->ghost;

	cr__ghost__init(ghost);
	parts->ghost_paths[0] = (char *)"/tmp/deleted";
	parts->ghost_paths[1] = (char *)"/tmp/other";
	parts->ghost_offsets[1] = 8192;
	parts->ghost_sizes[0] = parts->ghost_sizes[1] = 4096;
	ghost->id = 1;
	ghost->mode = S_IFREG | 0755;
	ghost->size = 3 * (uint64_t)PAGE;
	ghost->paths = parts->ghost_paths;
	ghost->n_paths = 2;
	ghost->extent_offsets = parts->ghost_offsets;
	ghost->extent_sizes = parts->ghost_sizes;
	ghost->n_extent_offsets = ghost->n_extent_sizes = 2;
	parts->exe.path = parts->ghost_paths[0];
	parts->exe.ghost_id = 1;
	parts->has_ghost = true;
	parts->ghost_member = 1;
	parts->ghost_contents_size = 8192;
}

/* The directory that descriptors 0 and 1 lead to, with a lock. */
static void make_lock(struct parts *parts)
{
	static uint8_t packed[64];
	Cr__NamedFile file = CR__NAMED_FILE__INIT;

	file.path = (char *)"/";
	file.mode = S_IFDIR | 0755;
	cr__open_file__init(&parts->open_file);
	cr__file_lock__init(&parts->lock);
	parts->open_files[0] = &parts->open_file;
	parts->locks[0] = &parts->lock;
	parts->open_file.id = 1;
	parts->open_file.entry.data = packed;
	parts->open_file.entry.len = cr__named_file__pack(&file, packed);
	parts->open_file.locks = parts->locks;
	parts->open_file.n_locks = 1;
	parts->lock.pid = PID;
	parts->lock.end = 99;
	parts->table.n_descriptors = 2;
	parts->has_open_file = true;
}

static void init_manifest(struct parts *parts)
{
	cr__manifest__init(&parts->manifest);
	cr__host__init(&parts->host);
	cr__process_summary__init(&parts->summary);
	cr__required_file__init(&parts->file);
	parts->files[0] = &parts->file;
	parts->file.path = (char *)"/";
	parts->file.mode = S_IFDIR | 0755;
	parts->host.hostname = (char *)"nowhere";
	parts->host.page_size = PAGE;
	parts->host.machine = (char *)"x86_64";
	parts->summary.pid = PID;
	parts->summary.ppid = 1;
	parts->summary.comm = (char *)"bad \033[31m\"one\"\xff";
	parts->summary.exe = (char *)"/bin/true";
	parts->summaries[0] = parts->summaries[1] = &parts->summary;
	parts->manifest.format_version = ARCHIVE_FORMAT_VERSION;
	parts->manifest.host = &parts->host;
	parts->manifest.processes = parts->summaries;
	parts->manifest.n_processes = 1;
	parts->manifest.files = parts->files;
	parts->manifest.n_files = 1;
	parts->manifest.required_features = parts->features;
}

static void init_process(struct parts *parts)
{
	cr__process__init(&parts->process);
	cr__directory__init(&parts->root);
	cr__thread__init(&parts->thread);
	cr__scheduling__init(&parts->scheduling);
	cr__credentials__init(&parts->credentials);
	cr__signal_action__init(&parts->action);
	for (size_t i = 0; i < ARRAY_SIZE(parts->actions); i++)
		parts->actions[i] = &parts->action;
	cr__interval_timer__init(&parts->timer);
	for (size_t i = 0; i < ARRAY_SIZE(parts->timers); i++)
		parts->timers[i] = &parts->timer;
	parts->process.interval_timers = parts->timers;
	parts->process.n_interval_timers = ARRAY_SIZE(parts->timers);
	parts->process.actions = parts->actions;
	parts->process.n_actions = ARRAY_SIZE(parts->actions);
	parts->credentials.uids = parts->credentials.gids = parts->ids;
	parts->credentials.n_uids = parts->credentials.n_gids = ARRAY_SIZE(parts->ids);
	parts->thread.scheduling = &parts->scheduling;
	parts->thread.credentials = &parts->credentials;
	parts->root.path = (char *)"/";
	parts->process.pid = PID;
	parts->process.pgid = parts->process.sid = PID;
	parts->process.exit_signal = 17;
	parts->process.root = parts->process.working_directory = &parts->root;
	parts->thread.tid = PID;
	parts->thread.registers = (ProtobufCBinaryData){sizeof(parts->registers), parts->registers};
	parts->thread.xsave = (ProtobufCBinaryData){sizeof(parts->xsave), parts->xsave};
	parts->other_thread = parts->thread;
	parts->other_thread.tid = PID + 1;
	parts->threads[0] = &parts->thread;
	parts->threads[1] = &parts->other_thread;
	parts->process.threads = parts->threads;
	parts->process.n_threads = 2;
}

static void init_memory(struct parts *parts)
{
	cr__memory__init(&parts->memory);
	cr__mapped_file__init(&parts->exe);
	parts->exe.path = (char *)"/bin/true";
	parts->mapped_files[0] = &parts->exe;
	for (size_t i = 0; i < MANY; i++) {
		cr__mapping__init(&parts->mappings[i]);
		parts->mappings[i].start = BASE + i * 16 * PAGE;
		parts->mappings[i].end = parts->mappings[i].start + 8 * PAGE;
		parts->mappings[i].prot = PROT_READ | PROT_WRITE;
		parts->mappings[i].advice = parts->advice;
		parts->mapping_list[i] = &parts->mappings[i];
	}
	parts->mappings[1].kind = CR__MAPPING_KIND__MAPPING_FILE_PRIVATE;
	cr__memory_policy__init(&parts->policy);
	parts->policy.mode = 2; /* MPOL_BIND */
	parts->policy.nodes = (ProtobufCBinaryData){8, (uint8_t *)parts->policy_nodes};
	parts->memory.exe = &parts->exe;
	parts->memory.files = parts->mapped_files;
	parts->memory.n_files = 1;
	parts->memory.mappings = parts->mapping_list;
	parts->memory.n_mappings = 4;
	parts->run_pages[0] = BASE / PAGE;
	parts->run_counts[0] = 4;
	parts->run_pages[1] = BASE / PAGE + 16;
	parts->run_counts[1] = 2;
	parts->zero_pages[0] = BASE / PAGE + 4;
	parts->zero_counts[0] = 2;
	parts->memory.run_pages = parts->run_pages;
	parts->memory.run_counts = parts->run_counts;
	parts->memory.zero_pages = parts->zero_pages;
	parts->memory.zero_counts = parts->zero_counts;
	parts->memory.n_run_pages = parts->memory.n_run_counts = 2;
	parts->memory.n_zero_pages = parts->memory.n_zero_counts = 1;
	parts->guard_pages[0] = BASE / PAGE + 6;
	parts->guard_counts[0] = 1;
	parts->memory.guard_pages = parts->guard_pages;
	parts->memory.guard_counts = parts->guard_counts;
	parts->memory.n_guard_pages = parts->memory.n_guard_counts = 1;
	parts->pages_size = 6 * PAGE;
}

static void init_parts(struct parts *parts)
{
	memset(parts, 0, sizeof(*parts));
	init_manifest(parts);
	init_process(parts);
	init_memory(parts);
	cr__descriptor_table__init(&parts->table);
	for (size_t i = 0; i < 2; i++) {
		cr__descriptor__init(&parts->descriptors[i]);
		parts->descriptors[i].fd = (int32_t)i;
		parts->descriptors[i].open_file_id = 1;
		parts->descriptor_list[i] = &parts->descriptors[i];
	}
	parts->table.id = PID;
	parts->table.descriptors = parts->descriptor_list;
	parts->process.fd_table_id = parts->process.mm_id = PID;
	parts->process.fs_id = parts->process.handlers_id = PID;
	parts->task_pid = parts->memory_pid = parts->pages_pid = parts->table_id = PID;
}

/* Each case: its name, and what it does to the parts p. */
#define CASES(CASE)                                                                                          \
	CASE(version_0, p->manifest.format_version = 0)                                                      \
	CASE(version_next, p->manifest.format_version = ARCHIVE_FORMAT_VERSION + 1)                          \
	CASE(version_huge, p->manifest.format_version = UINT32_MAX)                                          \
	CASE(feature, p->features[0] = (char *)"time-travel", p->manifest.n_required_features = 1)           \
	CASE(feature_escape, p->features[0] = (char *)"\033[2J", p->manifest.n_required_features = 1)        \
	CASE(no_host, p->manifest.host = NULL)                                                               \
	CASE(no_process, p->manifest.n_processes = 0)                                                        \
	CASE(process_twice, p->manifest.n_processes = 2, p->summary.ppid = PID)                              \
	CASE(parent_thread, p->process.parent_tid = PID + 9)                                                 \
	CASE(pid_0, p->summary.pid = 0)                                                                      \
	CASE(pid_negative, p->summary.pid = -1)                                                              \
	CASE(pid_huge, p->summary.pid = INT32_MAX)                                                           \
	CASE(file_relative, p->file.path = (char *)"etc/passwd")                                             \
	CASE(no_manifest, p->lacks_manifest = true)                                                          \
	CASE(no_task, p->lacks_task = true)                                                                  \
	CASE(no_memory, p->lacks_memory = true)                                                              \
	CASE(no_table, p->lacks_table = true)                                                                \
	CASE(no_pages, p->lacks_pages = true)                                                                \
	CASE(task_twice, p->has_task_twice = true)                                                           \
	CASE(memory_twice, p->has_memory_twice = true)                                                       \
	CASE(pages_twice, p->has_pages_twice = true)                                                         \
	CASE(task_after_pages, p->is_task_after_pages = true, p->lacks_task = true)                          \
	CASE(task_of_other, p->task_pid = PID + 7)                                                           \
	CASE(task_says_other, p->process.pid = p->thread.tid = PID + 7)                                      \
	CASE(memory_of_other, p->memory_pid = PID + 7)                                                       \
	CASE(pages_of_other, p->pages_pid = PID + 7)                                                         \
	CASE(table_of_other, p->table_id = PID + 7)                                                          \
	CASE(table_says_other, p->table.id = PID + 7)                                                        \
	CASE(unknown_member, p->extra_name = "sysv_shm/1.pb")                                                \
	CASE(unknown_kind, p->extra_name = "fd/black_hole.pb")                                               \
	CASE(name_padded, p->extra_name = "task/04194000.pb")                                                \
	CASE(name_huge, p->extra_name = "task/99999999999999999999.pb")                                      \
	CASE(name_longer, p->extra_name = "task/4194000.pb.pb")                                              \
	CASE(second_manifest, p->extra_name = "images/manifest.pb")                                          \
	CASE(task_garbage, p->task_garbage = 100000)                                                         \
	CASE(task_gigantic, p->task_garbage = 300U << 20)                                                    \
	CASE(branches, make_branches(p))                                                                     \
	CASE(task_bomb, make_bomb(p))                                                                        \
	CASE(host_cpu, p->cpu_flags[0] = (char *)"avx512imagined", p->host.cpu_flags = p->cpu_flags,         \
	     p->host.n_cpu_flags = 1)                                                                        \
	CASE(host_nodes, p->mappings[2].policy = &p->policy, p->policy_nodes[0] = UINT64_C(1) << 63)         \
	CASE(host_nodes_of_thread, p->thread.memory_policy = &p->policy)                                     \
	CASE(host_xsave_permission, p->process.xsave_permission = UINT64_C(1) << 62)                         \
	CASE(autogroup_nice, p->process.autogroup_nice = 20)                                                 \
	CASE(autogroup_of_member, p->process.autogroup_nice = 5, p->process.sid = 1)                         \
	CASE(xsave_permission, p->process.xsave_permission = UINT64_C(1) << 63)                              \
	CASE(tiles_without_permission, p->xsave[512 + 18 / 8] = 1 << 18 % 8)                                 \
	CASE(host_xsave, p->manifest.needed_xsave_features = UINT64_C(1) << 60)                              \
	CASE(host_vdso, p->host.vdso_hash++)                                                                 \
	CASE(host_machine, p->host.machine = (char *)"pdp11")                                                \
	CASE(host_page_size, p->host.page_size = 65536)                                                      \
	CASE(no_thread, p->process.n_threads = 0)                                                            \
	CASE(thread_not_leader, p->thread.tid = PID + 2)                                                     \
	CASE(thread_twice, p->other_thread.tid = PID)                                                        \
	CASE(thread_negative, p->other_thread.tid = -5)                                                      \
	CASE(registers_short, p->thread.registers.len = 8)                                                   \
	CASE(registers_none, p->other_thread.registers.len = 0)                                              \
	CASE(xsave_short, p->thread.xsave.len = 512)                                                         \
	CASE(xsave_long, p->thread.xsave = (ProtobufCBinaryData){40000, (uint8_t *)p->fills})                \
	CASE(comm_long, p->thread.comm = (ProtobufCBinaryData){16, (uint8_t *)p->fills})                     \
	CASE(umask, p->process.umask = 07777)                                                                \
	CASE(stop_signal, p->process.stop_signal = 65)                                                       \
	CASE(stopped_and_not, p->process.stop_signal = 19, p->process.is_continue_unreported = true)         \
	CASE(root_relative, p->root.path = (char *)"tmp")                                                    \
	CASE(no_mapping, p->memory.n_mappings = 0)                                                           \
	CASE(mapping_empty, p->mappings[0].end = p->mappings[0].start)                                       \
	CASE(mapping_reversed, p->mappings[0].end = p->mappings[0].start - PAGE)                             \
	CASE(mapping_unaligned, p->mappings[0].start += 1)                                                   \
	CASE(mapping_in_kernel, p->mappings[3].end = 0xffffffffff600000)                                     \
	CASE(mapping_overlap, p->mappings[1].start = p->mappings[0].end - PAGE)                              \
	CASE(mapping_order, p->mapping_list[2] = &p->mappings[3], p->mapping_list[3] = &p->mappings[2])      \
	CASE(mapping_kind, p->mappings[2].kind = (Cr__MappingKind)99)                                        \
	CASE(mapping_kind_negative, p->mappings[2].kind = (Cr__MappingKind)-1)                               \
	CASE(mapping_prot, p->mappings[2].prot = 0x1000000)                                                  \
	CASE(mapping_flags, p->mappings[2].flags = 0x100000)                                                 \
	CASE(mapping_huge_of_file, p->mappings[1].flags = MAP_HUGETLB | 21 << 26)                            \
	CASE(mapping_huge_unaligned, p->mappings[2].flags = MAP_HUGETLB | 21 << 26)                          \
	CASE(mapping_huge_size, p->mappings[2].flags = MAP_HUGETLB | UINT64_C(63) << 26)                     \
	CASE(mapping_size_only, p->mappings[2].flags = 21 << 26)                                             \
	CASE(mapping_file, p->mappings[1].file = 1)                                                          \
	CASE(mapping_file_huge, p->mappings[1].file = UINT32_MAX)                                            \
	CASE(mapping_offset, p->mappings[1].offset = 5)                                                      \
	CASE(mapping_offset_huge, p->mappings[1].offset = 0xfffffffffffff000)                                \
	CASE(mapping_advice, p->advice[0] = 4, p->mappings[2].n_advice = 1)                                  \
	CASE(mapping_policy, p->mappings[2].policy = &p->policy, p->policy.mode = 0)                         \
	CASE(mapping_policy_nodes, p->mappings[2].policy = &p->policy, p->policy.nodes.len = 17 * 8)         \
	CASE(thread_policy, p->thread.memory_policy = &p->policy, p->policy.mode = 0x10000)                  \
	CASE(thread_policy_nodes, p->thread.memory_policy = &p->policy, p->policy.nodes.len = 5)             \
	CASE(mapping_name, p->mappings[2].name = p->fills)                                                   \
	CASE(two_vdsos, p->mappings[2].kind = p->mappings[3].kind = CR__MAPPING_KIND__MAPPING_VDSO)          \
	CASE(run_outside, p->run_pages[1] = BASE / PAGE + 9)                                                 \
	CASE(run_beyond, p->run_counts[1] = 9)                                                               \
	CASE(run_empty, p->run_counts[1] = 0)                                                                \
	CASE(run_huge, p->run_counts[1] = UINT64_MAX)                                                        \
	CASE(run_wraps, p->run_pages[1] = UINT64_MAX / PAGE, p->run_counts[1] = 2)                           \
	CASE(run_order, p->run_pages[0] = BASE / PAGE + 16, p->run_pages[1] = BASE / PAGE)                   \
	CASE(run_overlap, p->run_pages[1] = BASE / PAGE + 3)                                                 \
	CASE(run_lengths, p->memory.n_run_counts = 1)                                                        \
	CASE(zero_overlap, p->zero_pages[0] = BASE / PAGE + 3)                                               \
	CASE(zero_within, p->zero_pages[0] = BASE / PAGE + 1, p->zero_counts[0] = 1)                         \
	CASE(zero_outside, p->zero_pages[0] = 1)                                                             \
	CASE(zero_last_overlap, p->zero_pages[0] = BASE / PAGE + 17)                                         \
	CASE(zero_lengths, p->memory.n_zero_counts = 0)                                                      \
	CASE(guard_outside, p->guard_pages[0] = 1)                                                           \
	CASE(guard_lengths, p->memory.n_guard_counts = 0)                                                    \
	CASE(auxv_long, p->memory.auxv = (ProtobufCBinaryData){4096, (uint8_t *)p->fills})                   \
	CASE(auxv_odd, p->memory.auxv = (ProtobufCBinaryData){100, (uint8_t *)p->fills})                     \
	CASE(brk_reversed, p->memory.start_brk = BASE, p->memory.brk = BASE - PAGE)                          \
	CASE(arguments_reversed, p->memory.arg_start = BASE)                                                 \
	CASE(environment_in_kernel, p->memory.env_end = UINT64_MAX)                                          \
	CASE(no_exe, p->memory.exe = NULL)                                                                   \
	CASE(exe_relative, p->exe.path = (char *)"true", p->memory.n_files = 0, p->mappings[1].kind = 0)     \
	CASE(pages_short, p->pages_size = 5 * PAGE)                                                          \
	CASE(pages_long, p->pages_size = 7 * PAGE)                                                           \
	CASE(descriptor_dangling, p->table.n_descriptors = 1)                                                \
	CASE(descriptor_negative, p->descriptors[0].fd = -1, p->table.n_descriptors = 1)                     \
	CASE(ghost_path, make_ghost(p), p->ghost_paths[1] = (char *)"relative")                              \
	CASE(ghost_extents, make_ghost(p), p->ghost_offsets[1] = 4095)                                       \
	CASE(ghost_extents_wrap, make_ghost(p), p->ghost_sizes[1] = UINT64_MAX - 8000)                       \
	CASE(ghost_type, make_ghost(p), p->ghost.mode = S_IFDIR | 0755, p->ghost.size = 0)                   \
	CASE(ipc_twice, make_ipc(p), p->has_ipc_twice = true)                                                \
	CASE(ipc_value, make_ipc(p), p->semaphore = 99999)                                                   \
	CASE(ipc_undo_of_nobody, make_ipc(p), p->undo.pid = PID + 50)                                        \
	CASE(ipc_undo_long, make_ipc(p), p->undo.n_adjustments = 0)                                          \
	CASE(ghost_huge_size, make_ghost(p), p->ghost.huge_page_size = 3 << 20)                              \
	CASE(ghost_other_type, make_ghost(p), p->ghost.mode = S_IFIFO | 0755, p->ghost.size = 0,             \
	     p->ghost.n_extent_offsets = p->ghost.n_extent_sizes = 0, p->lacks_ghost_contents = true)        \
	CASE(ghost_id, make_ghost(p), p->ghost.id = 2)                                                       \
	CASE(ghost_member, make_ghost(p), p->ghost_member = 2, p->ghost.id = 2)                              \
	CASE(ghost_twice, make_ghost(p), p->has_ghost_twice = true)                                          \
	CASE(ghost_no_handle, make_ghost(p), p->ghost.origin = CR__GHOST_ORIGIN__GHOST_HIDDEN,               \
	     p->ghost.n_extent_offsets = p->ghost.n_extent_sizes = 0, p->lacks_ghost_contents = true)        \
	CASE(ghost_origin, make_ghost(p), p->ghost.origin = 99)                                              \
	CASE(ghost_dangling, make_ghost(p), p->exe.ghost_id = 7)                                             \
	CASE(ghost_other_path, make_ghost(p), p->exe.path = (char *)"/tmp/third")                            \
	CASE(ghost_lacks_contents, make_ghost(p), p->lacks_ghost_contents = true)                            \
	CASE(ghost_contents_short, make_ghost(p), p->ghost_contents_size = 4096)                             \
	CASE(ghost_contents_late, make_ghost(p), p->has_ghost_contents_late = true)                          \
	CASE(lock_kind, make_lock(p), p->lock.kind = 9)                                                      \
	CASE(lock_range, make_lock(p), p->lock.kind = 1, p->lock.start = 100)                                \
	CASE(lock_end, make_lock(p), p->lock.kind = 2, p->lock.end = UINT64_MAX)                             \
	CASE(lock_process, make_lock(p), p->lock.kind = 1, p->lock.pid = 1)

#define CASE_FUNCTION(name, ...)                                                                             \
	static void spoil_##name(struct parts *p)                                                            \
	{                                                                                                    \
		(void)(__VA_ARGS__);                                                                         \
	}
CASES(CASE_FUNCTION)

static const struct {
	const char *name;
	void (*spoil)(struct parts *parts);
} cases[] = {
#define CASE_LINE(name, ...) {#name, spoil_##name},
	CASES(CASE_LINE)};

/* A member of SIZE bytes that are no message: tag 0. */
static int write_zeros(struct archive_writer *writer, const char *name, uint64_t size)
{
	static const uint8_t zeros[65536];
	int r = archive_writer_member_begin(writer, name, size);

	while (r == 0 && size > 0) {
		size_t part = MIN(size, sizeof(zeros));

		r = archive_writer_data(writer, zeros, part);
		size -= part;
	}
	return r < 0 ? r : archive_writer_member_end(writer);
}

static int write_task(struct archive_writer *writer, const struct parts *parts)
{
	char name[LAYOUT_NAME_SIZE];

	layout_name(name, LAYOUT_TASK_FORMAT, parts->task_pid);
	if (parts->task_garbage > 0)
		return write_zeros(writer, name, parts->task_garbage);
	return archive_writer_message(writer, name, &parts->process.base);
}

static int write_open_file(struct archive_writer *writer, const struct parts *parts)
{
	Cr__OpenFileList list = CR__OPEN_FILE_LIST__INIT;

	list.files = (Cr__OpenFile **)parts->open_files;
	list.n_files = 1;
	return archive_writer_message(writer, "fd/directory.pb", &list.base);
}

static int write_images(struct archive_writer *writer, const struct parts *parts)
{
	char name[LAYOUT_NAME_SIZE];
	int r = 0;

	if (!parts->lacks_manifest)
		r = archive_writer_message(writer, LAYOUT_MANIFEST, &parts->manifest.base);
	for (int i = parts->lacks_task; r == 0 && i < 1 + parts->has_task_twice; i++)
		r = write_task(writer, parts);
	for (int i = parts->lacks_memory; r == 0 && i < 1 + parts->has_memory_twice; i++)
		r = archive_writer_message(writer, layout_name(name, LAYOUT_MEMORY_FORMAT, parts->memory_pid),
					   &parts->memory.base);
	if (r == 0 && !parts->lacks_table)
		r = archive_writer_message(writer, layout_name(name, LAYOUT_FD_TABLE_FORMAT, parts->table_id),
					   &parts->table.base);
	for (int i = 0; r == 0 && parts->has_ipc && i < 1 + parts->has_ipc_twice; i++)
		r = archive_writer_message(writer, LAYOUT_IPC, &parts->ipc.base);
	for (int i = 0; r == 0 && parts->has_ghost && i < 1 + parts->has_ghost_twice; i++)
		r = archive_writer_message(writer,
					   layout_name(name, LAYOUT_GHOST_FORMAT, parts->ghost_member),
					   &parts->ghost.base);
	if (r == 0 && parts->has_open_file)
		r = write_open_file(writer, parts);
	if (r == 0 && parts->extra_name)
		r = write_zeros(writer, parts->extra_name, parts->extra_size);
	return r;
}

static int write_ghost_contents(struct archive_writer *writer, const struct parts *parts)
{
	char name[LAYOUT_NAME_SIZE];

	return write_zeros(writer, layout_name(name, LAYOUT_GHOST_CONTENTS_FORMAT, parts->ghost_member),
			   parts->ghost_contents_size);
}

static int write_archive(int fd, const char *file_name, const struct parts *parts)
{
	cleanup_(archive_writer_freep) struct archive_writer *writer = NULL;
	const struct archive_writer_options options = {
		.fd = fd, .name = file_name, .level = 1, .thread_count = 1};
	char name[LAYOUT_NAME_SIZE];
	int r = archive_writer_new(&options, &writer);

	if (r == 0)
		r = write_images(writer, parts);
	if (r == 0 && parts->has_ghost && !parts->lacks_ghost_contents && !parts->has_ghost_contents_late)
		r = write_ghost_contents(writer, parts);
	for (int i = parts->lacks_pages; r == 0 && i < 1 + parts->has_pages_twice; i++)
		r = write_zeros(writer, layout_name(name, LAYOUT_PAGES_FORMAT, parts->pages_pid),
				parts->pages_size);
	if (r == 0 && parts->has_ghost_contents_late)
		r = write_ghost_contents(writer, parts);
	if (r == 0 && parts->is_task_after_pages)
		r = write_task(writer, parts);
	return r < 0 ? r : archive_writer_finish(writer);
}

/* This host's, so that nothing but what a case spoils speaks against a restore. */
static int describe_host(struct parts *parts, struct host *host)
{
	int r = host_describe(host);

	parts->host.vdso_size = host->vdso_size;
	parts->host.vdso_hash = host->vdso_hash;
	return r;
}

int main(int argc, char **argv)
{
	static struct parts parts;
	static char fills[65536];
	cleanup_(host_done) struct host host = {0};
	cleanup_close int fd = -EBADF;

	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(cases); i++)
		puts(cases[i].name);
	if (argc != 3)
		return argc == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
	memset(fills, 'x', sizeof(fills) - 1);
	init_parts(&parts);
	parts.fills = fills;
	if (describe_host(&parts, &host) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(argv[1], cases[i].name) == 0)
			cases[i].spoil(&parts);
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write_archive(fd, argv[2], &parts) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
