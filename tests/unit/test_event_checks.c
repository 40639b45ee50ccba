/* SPDX-License-Identifier: MIT */
/* What is a valid entry of the kinds of files that tell of events. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

#include "format/fd/bpf_map.h"
#include "format/fd/epoll.h"
#include "format/fd/eventfd.h"
#include "format/fd/fanotify.h"
#include "format/fd/inotify.h"
#include "format/fd/kernel_file.h"
#include "format/fd/mqueue.h"
#include "format/fd/namespace.h"
#include "format/fd/pidfd.h"
#include "format/fd/signalfd.h"
#include "format/fd/timerfd.h"

/* CHECK is 0 for ENTRY as it is, and -EBADMSG with a reason after CHANGE. */
#define assert_good(check, entry)                                                                            \
	do {                                                                                                 \
		const char *reason_ = NULL;                                                                  \
		assert_int_equal(check(&(entry), &reason_), 0);                                              \
		assert_null(reason_);                                                                        \
	} while (0)
#define assert_bad(check, entry)                                                                             \
	do {                                                                                                 \
		const char *reason_ = NULL;                                                                  \
		assert_int_equal(check(&(entry), &reason_), -EBADMSG);                                       \
		assert_non_null(reason_);                                                                    \
	} while (0)

static void eventfd_counts(void **state maybe_unused)
{
	Cr__Eventfd entry = CR__EVENTFD__INIT;

	assert_good(eventfd_check, entry);
	entry.count = UINT64_MAX - 1;
	entry.is_semaphore = 1;
	assert_good(eventfd_check, entry);
	entry.count = UINT64_MAX;
	assert_bad(eventfd_check, entry);
}

static void timerfd_clocks(void **state maybe_unused)
{
	Cr__Timerfd entry = CR__TIMERFD__INIT;

	for (int32_t clock = -2; clock < 20; clock++) {
		entry.clock = clock;
		if (clock == 0 || clock == 1 || (clock >= 7 && clock <= 9))
			assert_good(timerfd_check, entry);
		else
			assert_bad(timerfd_check, entry);
	}
}

static void timerfd_times(void **state maybe_unused)
{
	Cr__Timerfd entry = CR__TIMERFD__INIT;

	entry.clock = CLOCK_MONOTONIC;
	entry.value_ns = entry.interval_ns = INT64_MAX;
	entry.ticks = UINT64_MAX;
	assert_good(timerfd_check, entry);
	entry.interval_ns = -1;
	assert_bad(timerfd_check, entry);
	entry.interval_ns = 0;
	entry.value_ns = -1;
	assert_bad(timerfd_check, entry);
	entry.value_ns = 0;
	entry.flags = 4;
	assert_bad(timerfd_check, entry);
}

static void timerfd_deadlines(void **state maybe_unused)
{
	Cr__Timerfd entry = CR__TIMERFD__INIT;

	entry.clock = CLOCK_REALTIME;
	entry.value_ns = 5;
	assert_good(timerfd_check, entry);
	entry.deadline_ns = 7;
	assert_bad(timerfd_check, entry);
	entry.flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	assert_good(timerfd_check, entry);
	entry.deadline_ns = 0;
	assert_bad(timerfd_check, entry);
	entry.deadline_ns = -7;
	assert_bad(timerfd_check, entry);
	entry.deadline_ns = 7;
	entry.clock = CLOCK_BOOTTIME;
	assert_bad(timerfd_check, entry);
	entry.clock = CLOCK_REALTIME_ALARM;
	entry.value_ns = 0;
	assert_bad(timerfd_check, entry);
}

static void signalfd_masks(void **state maybe_unused)
{
	Cr__Signalfd entry = CR__SIGNALFD__INIT;

	assert_good(signalfd_check, entry);
	entry.mask = ~(UINT64_C(1) << 8 | UINT64_C(1) << 18);
	assert_good(signalfd_check, entry);
	entry.mask = UINT64_C(1) << 8;
	assert_bad(signalfd_check, entry);
	entry.mask = UINT64_C(1) << 18;
	assert_bad(signalfd_check, entry);
}

struct targets {
	uint32_t numbers[2], events[2], ids[2];
	uint64_t data[2];
};

static Cr__Epoll epoll_of(struct targets *targets)
{
	Cr__Epoll entry = CR__EPOLL__INIT;

	*targets = (struct targets){{7, 8}, {EPOLLIN, EPOLLOUT | EPOLLET}, {1, 2}, {0, UINT64_MAX}};
	entry.numbers = targets->numbers;
	entry.events = targets->events;
	entry.data = targets->data;
	entry.open_file_ids = targets->ids;
	entry.n_numbers = entry.n_events = entry.n_data = entry.n_open_file_ids = 2;
	return entry;
}

static void epoll_targets(void **state maybe_unused)
{
	struct targets targets;
	Cr__Epoll empty = CR__EPOLL__INIT, entry = epoll_of(&targets);

	assert_good(epoll_check, empty);
	assert_good(epoll_check, entry);
	entry.n_data = 1;
	assert_bad(epoll_check, entry);
	entry.n_data = 2;
	entry.n_open_file_ids = 0;
	assert_bad(epoll_check, entry);
	entry.n_open_file_ids = 2;
	targets.numbers[1] = (uint32_t)INT32_MAX + 1;
	assert_bad(epoll_check, entry);
}

static void epoll_events(void **state maybe_unused)
{
	struct targets targets;
	Cr__Epoll entry = epoll_of(&targets);

	targets.events[0] = EPOLLEXCLUSIVE | EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLET | EPOLLWAKEUP;
	assert_good(epoll_check, entry);
	targets.events[0] |= EPOLLONESHOT;
	assert_bad(epoll_check, entry);
	targets.events[0] = EPOLLEXCLUSIVE | EPOLLRDHUP;
	assert_bad(epoll_check, entry);
	targets.events[0] = EPOLLONESHOT | EPOLLET;
	assert_true(epoll_events_are_disabled(targets.events[0]));
	assert_good(epoll_check, entry);
	targets.events[0] = EPOLLET;
	assert_bad(epoll_check, entry);
	targets.events[0] = EPOLLONESHOT | EPOLLERR;
	assert_false(epoll_events_are_disabled(targets.events[0]));
	assert_good(epoll_check, entry);
}

static void epoll_parameters(void **state maybe_unused)
{
	Cr__Epoll entry = CR__EPOLL__INIT;

	entry.busy_poll_us = INT32_MAX;
	entry.busy_poll_budget = UINT16_MAX;
	entry.prefers_busy_poll = 1;
	assert_good(epoll_check, entry);
	entry.busy_poll_us++;
	assert_bad(epoll_check, entry);
	entry.busy_poll_us = 0;
	entry.busy_poll_budget++;
	assert_bad(epoll_check, entry);
}

static void inotify_watches(void **state maybe_unused)
{
	Cr__InotifyWatch first = CR__INOTIFY_WATCH__INIT, second = CR__INOTIFY_WATCH__INIT;
	Cr__InotifyWatch *watches[] = {&first, &second};
	Cr__Inotify entry = CR__INOTIFY__INIT;
	char path[] = "/etc/passwd";

	assert_good(inotify_check, entry);
	entry.watches = watches;
	entry.n_watches = 2;
	first.wd = 1;
	second.wd = INT32_MAX;
	first.path = path;
	second.open_file_id = 7;
	first.mode = second.mode = S_IFREG;
	first.mask = IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT;
	second.mask = IN_MODIFY;
	assert_good(inotify_check, entry);
	first.wd = 0;
	assert_bad(inotify_check, entry);
	first.wd = INT32_MAX;
	assert_bad(inotify_check, entry);
	first.wd = 5;
	second.wd = 4;
	assert_bad(inotify_check, entry);
}

static void inotify_watch(void **state maybe_unused)
{
	Cr__InotifyWatch watch = CR__INOTIFY_WATCH__INIT, *watches[] = {&watch};
	Cr__Inotify entry = CR__INOTIFY__INIT;
	char path[] = "/etc/passwd";

	entry.watches = watches;
	entry.n_watches = 1;
	watch.wd = 3;
	watch.path = path;
	watch.mode = S_IFDIR | 0755;
	watch.mask = IN_ONESHOT;
	assert_bad(inotify_check, entry);
	watch.mask = IN_OPEN | IN_MASK_ADD;
	assert_bad(inotify_check, entry);
	watch.mask = IN_OPEN;
	assert_good(inotify_check, entry);
	watch.open_file_id = 1;
	assert_bad(inotify_check, entry);
	watch.open_file_id = 0;
	watch.path = path + 1;
	assert_bad(inotify_check, entry);
	watch.path = path + strlen(path);
	assert_bad(inotify_check, entry);
	watch.path = path;
	watch.mode = 0755;
	assert_bad(inotify_check, entry);
}

static void pidfd_processes(void **state maybe_unused)
{
	Cr__Pidfd entry = CR__PIDFD__INIT;

	assert_bad(pidfd_check, entry);
	entry.pid = 1;
	assert_good(pidfd_check, entry);
	entry.exit_status = 0x100;
	assert_bad(pidfd_check, entry);
	entry.exit_status = 0;
	entry.pid = -1;
	assert_bad(pidfd_check, entry);
	entry.pid = 4194304;
	assert_bad(pidfd_check, entry);
	entry.pid = 1;
	entry.gone_id = 1;
	assert_bad(pidfd_check, entry);
}

static void pidfd_statuses(void **state maybe_unused)
{
	Cr__Pidfd entry = CR__PIDFD__INIT;

	entry.gone_id = UINT32_MAX;
	assert_good(pidfd_check, entry);
	for (entry.exit_status = 0; entry.exit_status < 0x10000; entry.exit_status += 0x100)
		assert_good(pidfd_check, entry);
	entry.exit_status = 9;
	assert_good(pidfd_check, entry);
	entry.exit_status = 0x137f;
	assert_bad(pidfd_check, entry);
	entry.exit_status = 0x10000;
	assert_bad(pidfd_check, entry);
	entry.exit_status = -1;
	assert_bad(pidfd_check, entry);
}

static void kernel_files_of_processes(void **state maybe_unused)
{
	static const struct {
		const char *path;
		pid_t pid, tid;
		const char *rest;
	} paths[] = {
		{"/proc/12/stat", 12, 0, "/stat"},
		{"/proc/12", 12, 0, ""},
		{"/proc/4194303/task", 4194303, 0, "/task"},
		{"/proc/12/task/13/comm", 12, 13, "/comm"},
		{"/proc/12/task/13", 12, 13, ""},
		{"/proc/12/task/x", 12, 0, "/task/x"},
		{"/proc/4194304", 0, 0, NULL},
		{"/proc/99999999999999999999/stat", 0, 0, NULL},
		{"/proc/012", 0, 0, NULL},
		{"/proc/12x", 0, 0, NULL},
		{"/proc/", 0, 0, NULL},
		{"/proc", 0, 0, NULL},
		{"/proc/sys/kernel", 0, 0, NULL},
		{"/process/12", 0, 0, NULL},
		{"/sys/12", 0, 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *rest = NULL;
		pid_t pid = 0, tid = 0;

		assert_int_equal(kernel_file_is_of_process(paths[i].path, &pid, &tid, &rest),
				 paths[i].rest != NULL);
		assert_int_equal(pid, paths[i].pid);
		assert_int_equal(tid, paths[i].tid);
		if (paths[i].rest)
			assert_string_equal(rest, paths[i].rest);
	}
}

static void kernel_files(void **state maybe_unused)
{
	Cr__KernelFile entry = CR__KERNEL_FILE__INIT;
	char path[] = "/sys/kernel", of_process[] = "/proc/12/stat";

	assert_bad(kernel_file_check, entry);
	entry.path = path;
	assert_bad(kernel_file_check, entry);
	entry.mode = S_IFDIR | 0755;
	assert_good(kernel_file_check, entry);
	entry.path = path + 1;
	assert_bad(kernel_file_check, entry);
	entry.path = path;
	entry.is_gone = true;
	assert_bad(kernel_file_check, entry);
	entry.path = of_process;
	assert_good(kernel_file_check, entry);
	entry.start_ticks = 1;
	assert_bad(kernel_file_check, entry);
	entry.is_gone = false;
	assert_good(kernel_file_check, entry);
}

static void namespaces(void **state maybe_unused)
{
	static const struct {
		const char *type;
		bool is_good;
	} types[] = {{"net", true}, {"time", true}, {"cgroup", true}, {"pid_for_children", false},
		     {"", false},   {"nets", false}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		Cr__Namespace entry = CR__NAMESPACE__INIT;
		const char *reason = NULL;
		char type[32];
		enum ns_link link;

		strcpy(type, types[i].type);
		entry.type = type;
		assert_int_equal(namespace_check(&entry, &link, &reason), types[i].is_good ? 0 : -EBADMSG);
		if (types[i].is_good)
			assert_string_equal(ns_link_name(link), type);
	}
}

static Cr__Mqueue mqueue_of(char *name, char *path)
{
	Cr__Mqueue entry = CR__MQUEUE__INIT;

	entry.queue_id = 1;
	entry.name = name;
	entry.path = path;
	entry.max_messages = 10;
	entry.message_size = 8192;
	entry.message_count = 10;
	entry.mode = 0640;
	return entry;
}

static void mqueue_names(void **state maybe_unused)
{
	static const struct {
		const char *name;
		bool is_good;
	} names[] = {{"/a", true}, {"/.a", true}, {"/a.", true},  {"", false},    {"/", false},
		     {"a", false}, {"/.", false}, {"/..", false}, {"/a/", false}, {"//", false}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[8], path[] = "";
		Cr__Mqueue entry = mqueue_of(name, path);

		strcpy(name, names[i].name);
		if (names[i].is_good)
			assert_good(mqueue_check, entry);
		else
			assert_bad(mqueue_check, entry);
	}
}

static void mqueue_attributes(void **state maybe_unused)
{
	char name[] = "/queue", path[] = "/dev/mqueue/queue", no_path[] = "";
	Cr__Mqueue entry = mqueue_of(name, path);

	assert_good(mqueue_check, entry);
	entry.is_unlinked = 1;
	assert_bad(mqueue_check, entry);
	entry.path = no_path;
	assert_bad(mqueue_check, entry);
	entry.message_count = 0;
	assert_good(mqueue_check, entry);
	entry.message_count = 11;
	assert_bad(mqueue_check, entry);
	entry = mqueue_of(name, path);
	entry.max_messages = 65537;
	assert_bad(mqueue_check, entry);
	entry = mqueue_of(name, path);
	entry.message_size = 0;
	assert_bad(mqueue_check, entry);
	entry = mqueue_of(name, path + 1);
	assert_bad(mqueue_check, entry);
	entry = mqueue_of(name, path);
	entry.queue_id = 0;
	assert_bad(mqueue_check, entry);
}

static void fanotify_marks(void **state maybe_unused)
{
	Cr__FanotifyMark mark = CR__FANOTIFY_MARK__INIT, *marks[] = {&mark};
	Cr__Fanotify entry = CR__FANOTIFY__INIT;

	assert_good(fanotify_check, entry);
	entry.flags = 4; /* FAN_CLASS_CONTENT */
	assert_bad(fanotify_check, entry);
	entry.flags = 0x12;
	entry.marks = marks;
	entry.n_marks = 1;
	mark.path = (char *)"/tmp";
	mark.mode = S_IFDIR | 0755;
	assert_bad(fanotify_check, entry);
	mark.ignored_mask = 2;
	assert_good(fanotify_check, entry);
	mark.flags = 0x40;
	assert_good(fanotify_check, entry);
	mark.flags = 1;
	assert_bad(fanotify_check, entry);
	mark.flags = 0;
	mark.open_file_id = 3;
	assert_bad(fanotify_check, entry);
	mark.path = (char *)"";
	assert_good(fanotify_check, entry);
	mark.kind = CR__FANOTIFY_MARK_KIND__FANOTIFY_MARK_MOUNT;
	assert_bad(fanotify_check, entry);
	mark.open_file_id = 0;
	assert_bad(fanotify_check, entry);
	mark.path = (char *)"tmp";
	assert_bad(fanotify_check, entry);
	mark.path = (char *)"/tmp";
	assert_good(fanotify_check, entry);
	mark.mode = 0755;
	assert_bad(fanotify_check, entry);
	mark.mode = S_IFDIR;
	mark.kind = (Cr__FanotifyMarkKind)3;
	assert_bad(fanotify_check, entry);
}

static Cr__BpfMap bpf_map_of(uint32_t type)
{
	Cr__BpfMap map = CR__BPF_MAP__INIT;

	map.type = type;
	map.key_size = 4;
	map.value_size = 12;
	map.max_entries = 10;
	map.name = (char *)"fifteen_bytes__";
	map.count = 10;
	return map;
}

static void bpf_maps(void **state maybe_unused)
{
	Cr__BpfMap entry = bpf_map_of(BPF_MAP_TYPE_HASH);

	assert_good(bpf_map_check, entry);
	assert_true(bpf_map_element_size(&entry) == 16);
	entry.count = 11;
	assert_bad(bpf_map_check, entry);
	entry.count = 5;
	entry.same_as = 1;
	assert_bad(bpf_map_check, entry);
	entry.count = 0;
	assert_good(bpf_map_check, entry);
	entry.flags = BPF_F_NUMA_NODE;
	assert_bad(bpf_map_check, entry);
	entry.flags = BPF_F_NO_PREALLOC;
	assert_good(bpf_map_check, entry);
	entry.name = (char *)"sixteen_bytes___";
	assert_bad(bpf_map_check, entry);
	entry = bpf_map_of(BPF_MAP_TYPE_QUEUE);
	assert_bad(bpf_map_check, entry);
}

static void bpf_map_sizes(void **state maybe_unused)
{
	Cr__BpfMap entry = bpf_map_of(BPF_MAP_TYPE_PERCPU_ARRAY);

	assert_bad(bpf_map_check, entry);
	entry.processors = 3;
	assert_good(bpf_map_check, entry);
	assert_true(bpf_map_element_size(&entry) == 4 + 3 * 16);
	entry.processors = UINT32_MAX;
	assert_bad(bpf_map_check, entry);
	entry = bpf_map_of(BPF_MAP_TYPE_ARRAY);
	entry.processors = 2;
	assert_bad(bpf_map_check, entry);
	entry.processors = 0;
	entry.value_size = UINT32_MAX;
	assert_bad(bpf_map_check, entry);
	entry.value_size = 0;
	assert_bad(bpf_map_check, entry);
	entry.value_size = 8;
	entry.key_size = 0;
	assert_bad(bpf_map_check, entry);
	entry.key_size = 4;
	entry.max_entries = 0;
	entry.count = 0;
	assert_bad(bpf_map_check, entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eventfd_counts),
		cmocka_unit_test(timerfd_clocks),
		cmocka_unit_test(timerfd_times),
		cmocka_unit_test(timerfd_deadlines),
		cmocka_unit_test(signalfd_masks),
		cmocka_unit_test(epoll_targets),
		cmocka_unit_test(epoll_events),
		cmocka_unit_test(epoll_parameters),
		cmocka_unit_test(inotify_watches),
		cmocka_unit_test(inotify_watch),
		cmocka_unit_test(pidfd_processes),
		cmocka_unit_test(pidfd_statuses),
		cmocka_unit_test(kernel_files_of_processes),
		cmocka_unit_test(kernel_files),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(mqueue_names),
		cmocka_unit_test(mqueue_attributes),
		cmocka_unit_test(fanotify_marks),
		cmocka_unit_test(bpf_maps),
		cmocka_unit_test(bpf_map_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
