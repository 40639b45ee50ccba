/* SPDX-License-Identifier: MIT */
/* Makes files of the kernel's own kinds in states that cannot be preserved. */
#include "hold_event.h"

#include "hold_io_uring.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Of what an epoll instance watches. */
#define TARGET_FD 21

static int open_eventfd(void)
{
	return eventfd(3, EFD_NONBLOCK);
}

/* The kernel's own signals count beyond what write(2) may. */
static int open_eventfd_overflown(void)
{
	static char buffer[16];
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd(0, EFD_NONBLOCK), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct iocb control = {
		.aio_fildes = (uint32_t)zero,
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)buffer,
		.aio_nbytes = sizeof(buffer),
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)fd,
	};
	struct iocb *list[] = {&control};
	aio_context_t context = 0;

	if (fd < 0 || zero < 0 || write(fd, &most, sizeof(most)) != sizeof(most) ||
	    syscall(SYS_io_setup, 1, &context) < 0 || syscall(SYS_io_submit, context, 1, list) != 1 ||
	    syscall(SYS_io_destroy, context) < 0)
		return -1;
	close(zero);
	return fd;
}

static int open_timerfd(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
}

static int open_epoll(void)
{
	return epoll_create1(0);
}

/* Watches FD under the number TARGET_FD. */
static int watch_at_number(int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
	int epoll = epoll_create1(0);

	if (fd < 0 || epoll < 0 || dup2(fd, TARGET_FD) < 0 || close(fd) < 0)
		return -1;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, TARGET_FD, &event) < 0 ? -1 : epoll;
}

static void close_target(int signal)
{
	(void)signal;
	close(TARGET_FD);
}

/* SIGUSR1 closes the target. */
static int open_epoll_watching(void)
{
	const struct sigaction action = {.sa_handler = close_target, .sa_flags = SA_RESTART};

	return sigaction(SIGUSR1, &action, NULL) < 0 ? -1 : watch_at_number(eventfd(0, 0));
}

static int open_inotify(void)
{
	int fd = inotify_init1(IN_NONBLOCK);

	return inotify_add_watch(fd, "/tmp", IN_DELETE_SELF) < 0 ? -1 : fd;
}

static int open_inotify_queued(void)
{
	int fd = inotify_init1(IN_NONBLOCK);

	if (inotify_add_watch(fd, "/", IN_OPEN | IN_ONESHOT) < 0)
		return -1;
	return close(open("/", O_RDONLY | O_CLOEXEC)) < 0 ? -1 : fd;
}

/* Watches a file that has no name any more, and is open as TARGET_FD until SIGUSR1 comes. */
static int open_inotify_deleted(void)
{
	const struct sigaction action = {.sa_handler = close_target, .sa_flags = SA_RESTART};
	char path[] = "/tmp/cr-refusal-watched.XXXXXX";
	int fd = inotify_init1(IN_NONBLOCK), file = mkstemp(path);

	if (fd < 0 || file < 0 || sigaction(SIGUSR1, &action, NULL) < 0 ||
	    inotify_add_watch(fd, path, IN_MODIFY) < 0 || unlink(path) < 0 || dup2(file, TARGET_FD) < 0)
		return -1;
	close(file);
	return fd;
}

/* The signalfd is still there, under another number. */
static int open_epoll_signalfd_moved(void)
{
	int epoll;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	epoll = watch_at_number(signalfd(-1, &set, 0));
	if (dup2(TARGET_FD, TARGET_FD + 1) < 0)
		return -1;
	close(TARGET_FD);
	return epoll;
}

/* Of whoever has started the target. */
static int open_pidfd_outside(void)
{
	return (int)syscall(SYS_pidfd_open, getppid(), 0);
}

static int open_notified(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (fd >= 0 && fcntl(fd, F_NOTIFY, DN_CREATE) < 0)
		return -1;
	return fd;
}

static int open_proc_fdinfo(void)
{
	return open("/proc/self/fdinfo/0", O_RDONLY);
}

static int open_pressure(void)
{
	return open("/proc/pressure/cpu", O_RDWR | O_NONBLOCK);
}

static int open_proc_written(void)
{
	return open("/proc/mtrr", O_RDWR);
}

static int open_namespace_other(void)
{
	int own = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), fd;

	if (unshare(CLONE_NEWUTS) < 0)
		return -1;
	fd = open("/proc/self/ns/uts", O_RDONLY);
	return setns(own, 0) < 0 || close(own) < 0 ? -1 : fd;
}

/* A queue of one message at most, without a name. */
static int open_mqueue(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/cr-refusal-%d", getpid());
	fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
	return fd < 0 || mq_unlink(name) < 0 ? -1 : fd;
}

static int open_mqueue_filled(void)
{
	int fd = open_mqueue();

	return fd < 0 || mq_send(fd, "x", 1, 0) < 0 ? -1 : fd;
}

static int open_mqueue_notified(void)
{
	const struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGWINCH};
	int fd = open_mqueue();

	/* To close a copy ends it. */
	if (fd < 0 || dup2(fd, EVENT_FD) < 0 || close(fd) < 0)
		return -1;
	return mq_notify(EVENT_FD, &event) < 0 ? -1 : EVENT_FD;
}

static int open_userfaultfd(void)
{
	return (int)syscall(SYS_userfaultfd, O_NONBLOCK);
}

/* A counter of the kernel's own clock, on this process. */
static int open_perf(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};

	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static int make_bpf_map(uint32_t type, uint32_t key_size)
{
	union bpf_attr attributes = {
		.map_type = type,
		.key_size = key_size,
		.value_size = 8,
		.max_entries = 4,
	};

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

static int open_bpf_queue(void)
{
	return make_bpf_map(BPF_MAP_TYPE_QUEUE, 0);
}

/* A program that does nothing, but has the map. */
static int open_bpf_map_used(void)
{
	int map = make_bpf_map(BPF_MAP_TYPE_ARRAY, 4);
	const struct bpf_insn code[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.insns = (uintptr_t)code,
		.license = (uintptr_t) "GPL",
	};

	if (map < 0 || syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes)) < 0)
		return -1;
	return map;
}

static int open_landlock(void)
{
	uint64_t handled_access = 1;

	return (int)syscall(SYS_landlock_create_ruleset, &handled_access, sizeof(handled_access), 0);
}

static int open_fscontext(void)
{
	return (int)syscall(SYS_fsopen, "tmpfs", 0);
}

static int open_fuse(void)
{
	return open("/dev/fuse", O_RDWR | O_CLOEXEC);
}

static int open_kernel_log(void)
{
	return open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
}

/* One that is asked before a file is opened. */
static int open_fanotify_content(void)
{
	return fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
}

static int open_fanotify_queued(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);

	if (fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/proc/self/exe") == 0)
		close(open("/proc/self/exe", O_RDONLY));
	return fd;
}

/* A request that waits for the eventfd to be written to. */
static int open_aio_poll(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct iocb control = {
		.aio_fildes = (uint32_t)fd,
		.aio_lio_opcode = 5 /* IOCB_CMD_POLL */,
		.aio_buf = 1 /* POLLIN */,
	};
	struct iocb *list[] = {&control};
	aio_context_t context = 0;

	if (fd < 0 || syscall(SYS_io_setup, 1, &context) < 0 || syscall(SYS_io_submit, context, 1, list) != 1)
		return -1;
	return fd;
}

static const struct {
	const char *name;
	int (*open)(void);
} kinds[] = {
	{"eventfd", open_eventfd},
	{"eventfd-overflown", open_eventfd_overflown},
	{"timerfd", open_timerfd},
	{"epoll", open_epoll},
	{"epoll-watching", open_epoll_watching},
	{"epoll-signalfd-moved", open_epoll_signalfd_moved},
	{"pidfd-outside", open_pidfd_outside},
	{"proc-fdinfo", open_proc_fdinfo},
	{"notified-directory", open_notified},
	{"proc-written", open_proc_written},
	{"pressure", open_pressure},
	{"namespace-other", open_namespace_other},
	{"message queue", open_mqueue},
	{"mqueue-filled", open_mqueue_filled},
	{"mqueue-notified", open_mqueue_notified},
	{"aio-poll", open_aio_poll},
	{"userfaultfd", open_userfaultfd},
	{"perf", open_perf},
	{"bpf-queue", open_bpf_queue},
	{"bpf-map-used", open_bpf_map_used},
	{"landlock", open_landlock},
	{"fscontext", open_fscontext},
	{"fuse", open_fuse},
	{"kernel-log", open_kernel_log},
	{"fanotify-content", open_fanotify_content},
	{"fanotify-queued", open_fanotify_queued},
	{"inotify", open_inotify},
	{"inotify-queued", open_inotify_queued},
	{"inotify-deleted", open_inotify_deleted},
};

int hold_event(const char *what)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(what, kinds[i].name) == 0)
			return kinds[i].open();
	return hold_io_uring(what);
}
