/* SPDX-License-Identifier: MIT */
/* Masters of pseudo-terminals, at dump. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tty.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "dumper/fd/terminals.h"
#include "format/fd/terminal.h"

#define PTMX_MAJOR 5
#define PTMX_MINOR 2

static bool ptmx_matches(const struct fd_info *info)
{
	return S_ISCHR(info->stat.st_mode) && !(info->flags & O_PATH) &&
	       info->stat.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR);
}

/* The slave's node, which an O_PATH descriptor names without opening it. */
static int collect_slave(struct dump *dump, struct terminal_end *end, int our_fd)
{
	cleanup_close int peer_fd = -EBADF;
	cleanup_free char *path = NULL;
	char link[32];
	struct stat st;
	int r = terminal_find_slave(our_fd, &end->filesystem, &peer_fd);

	if (r == -EIO) {
		blockers_add(&dump->blockers,
			     "is the master of a pseudo-terminal and hung up, which cannot be preserved");
		return 0;
	}
	if (r == 0 && fstat(peer_fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return log_error_errno(r, "cannot find the other end of it (TIOCGPTPEER)");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", peer_fd);
	r = file_readlink_at(AT_FDCWD, link, &path);
	if (r < 0)
		return log_error_errno(r, "cannot tell the path of its other end");
	end->device = st.st_rdev;
	end->path = arena_string(&dump->arena, path);
	end->ptmx->node = terminals_node(dump, &st);
	return end->path && end->ptmx->node ? 0 : log_error_errno(-ENOMEM, "cannot note it");
}

static int collect_flags(struct terminal_end *end, int our_fd)
{
	Cr__Ptmx *ptmx = end->ptmx;
	unsigned index = 0, locked = 0, exclusive = 0, packet = 0;
	int session = 0;
	int r = terminal_get_number(our_fd, TIOCGPTN, &index);

	if (r == 0)
		r = terminal_get_number(our_fd, TIOCGPTLCK, &locked);
	if (r == 0)
		r = terminal_get_number(our_fd, TIOCGEXCL, &exclusive);
	if (r == 0)
		r = terminal_get_number(our_fd, TIOCGPKT, &packet);
	if (r < 0)
		return log_error_errno(r, "cannot ask for the state of the pseudo-terminal");
	ptmx->index = index;
	ptmx->is_locked = locked;
	ptmx->is_exclusive = exclusive;
	ptmx->is_packet_mode = packet;
	/* ENOTTY: it is no session's. */
	if (ioctl(our_fd, TIOCGSID, &session) == 0)
		end->session = session != 0 ? session : -1;
	return 0;
}

static Cr__TerminalQueue *new_queue(struct dump *dump, const struct terminal_queue *queue)
{
	Cr__TerminalQueue *entry = arena_new(&dump->arena, Cr__TerminalQueue);

	if (!entry)
		return NULL;
	cr__terminal_queue__init(entry);
	entry->data = arena_bytes(&dump->arena, queue->data, queue->data_count);
	entry->waiting = arena_bytes(&dump->arena, queue->waiting, queue->waiting_count);
	entry->line_ends = arena_array(&dump->arena, uint32_t, queue->lines_size + 1);
	if ((!entry->data.data && queue->data_count > 0) ||
	    (!entry->waiting.data && queue->waiting_count > 0) || !entry->line_ends)
		return NULL;
	for (size_t i = 0; i < queue->lines_size; i++)
		if (queue->line_ends[i])
			entry->line_ends[entry->n_line_ends++] = (uint32_t)i;
	entry->lines_size = (uint32_t)queue->lines_size;
	entry->is_stopped = queue->is_stopped;
	entry->is_stopped_by_call = queue->is_stopped && queue->is_stopped_by_call;
	entry->is_literal_next = queue->is_literal_next;
	entry->is_pushed = queue->is_pushed && queue->lines_size > 0;
	return entry;
}

/*
 * With EXTPROC the kernel goes on counting lines, but does not read by them, and counts anew when that is
 * taken off.
 */
static void forget_lines(Cr__TerminalQueue *queue)
{
	queue->n_line_ends = queue->lines_size = 0;
	queue->is_pushed = queue->is_literal_next = false;
}

static int note_queues(struct dump *dump, Cr__Ptmx *ptmx, const struct terminal_queue *master,
		       const struct terminal_queue *slave)
{
	ptmx->master = new_queue(dump, master);
	ptmx->slave = new_queue(dump, slave);
	if (!ptmx->master || !ptmx->slave)
		return log_error_errno(-ENOMEM, "cannot note what waits in it");
	if (!terminal_is_canonical(ptmx->settings->local_flags))
		forget_lines(ptmx->slave);
	return 0;
}

/* What can be told without looking into the kernel: how much there is, but not of a line that is being typed.
 */
static int collect_blindly(struct dump *dump, struct terminal_end *end, int our_fd, int error)
{
	static const struct terminal_queue nothing;
	int waiting = 0;

	if (ioctl(our_fd, FIONREAD, &waiting) < 0)
		return log_error_errno(-errno, "cannot ask what waits to be read");
	if (waiting > 0)
		blockers_add(
			&dump->blockers,
			"%d bytes wait in pseudo-terminal '%s' for the reader of its master, and can only "
			"be looked at with CAP_BPF, CAP_PERFMON and a kernel that describes its types "
			"(%s); let the program read them first",
			waiting, end->path, strerror(-error));
	if (terminal_is_canonical(end->ptmx->settings->local_flags))
		log_warning(
			"what has been typed of a line in pseudo-terminal '%s' cannot be seen and would be "
			"lost (looking needs CAP_BPF, CAP_PERFMON and a kernel that describes its types: %s)",
			end->path, strerror(-error));
	return note_queues(dump, end->ptmx, &nothing, &nothing);
}

/*
 * Whether packet mode can be made to tell the same again: not what comes by EXTPROC, nor with input in which
 * there are the characters for flow control, nor if the stop has been told and the rest has not.
 */
static bool can_cause(const Cr__Ptmx *ptmx, const struct terminal_queue *slave)
{
	struct terminal_settings settings;

	terminal_settings_get(ptmx->settings, &settings);
	if (ptmx->packet_events & TIOCPKT_IOCTL || terminal_has_external_processing(&settings.modes) ||
	    (slave->is_stopped && !(ptmx->packet_events & TIOCPKT_STOP)))
		return false;
	if (!terminal_has_usual_flow_control(&settings.modes))
		return true;
	for (size_t i = 0; i < slave->data_count; i++)
		if (slave->data[i] == TERMINAL_STOP || slave->data[i] == TERMINAL_START)
			return false;
	return true;
}

static void check_queues(struct dump *dump, const struct terminal_end *end,
			 const struct terminal_queue *master, const struct terminal_queue *slave)
{
	if (slave->has_echo || master->has_echo)
		blockers_add(&dump->blockers,
			     "the echo of input waits in pseudo-terminal '%s' until its output goes on: let "
			     "it go on (^Q), or its "
			     "reader read",
			     end->path);
	if (slave->is_erasing)
		blockers_add(
			&dump->blockers,
			"input is being erased in pseudo-terminal '%s' in the manner of printing terminals "
			"(stty echoprt), which cannot be preserved",
			end->path);
	if (end->ptmx->packet_events != 0 && !can_cause(end->ptmx, slave))
		blockers_add(
			&dump->blockers,
			"the reader of pseudo-terminal '%s' has not been told yet what happened to it "
			"(packet "
			"mode, events %#x), in a state in which it cannot be made to happen again: try again",
			end->path, slave->packet_events);
	if (master->packet_events != 0)
		blockers_add(&dump->blockers,
			     "pseudo-terminal '%s' has events that this version does not know", end->path);
}

static int collect_queues(struct dump *dump, struct terminal_end *end, int our_fd)
{
	cleanup_(terminal_queue_done) struct terminal_queue master = {0}, slave = {0};
	struct terminals *terminals = terminals_get(dump);
	uint64_t own = 0;
	int r;

	if (!terminals)
		return -ENOMEM;
	terminals_open_queues(terminals);
	if (!terminals->queues)
		return collect_blindly(dump, end, our_fd, terminals->queues_error);
	r = terminal_queues_identify(terminals->queues, our_fd, &own, &end->identity);
	if (r == 0)
		r = terminal_queues_read(terminals->queues, our_fd, &master, &slave);
	if (r == -EMEDIUMTYPE) {
		blockers_add(&dump->blockers,
			     "pseudo-terminal '%s' has another line discipline than N_TTY, "
			     "which cannot be preserved",
			     end->path);
		return note_queues(dump, end->ptmx, &slave, &slave);
	}
	if (r < 0)
		return log_error_errno(r, "cannot look at what waits in pseudo-terminal '%s'", end->path);
	end->opened = slave.opened;
	end->ptmx->packet_events = end->ptmx->is_packet_mode ? slave.packet_events : 0;
	end->has_opened = true;
	check_queues(dump, end, &master, &slave);
	return note_queues(dump, end->ptmx, &master, &slave);
}

/* Whether the slave was ever open, as far as the master sees it. Who has it open is told when all is known.
 */
static Cr__SlaveState slave_state(int our_fd)
{
	struct pollfd look = {.fd = our_fd};

	(void)poll(&look, 1, 0);
	return look.revents & POLLHUP ? CR__SLAVE_STATE__SLAVE_CLOSED : CR__SLAVE_STATE__SLAVE_NEVER_OPENED;
}

/* Of a master that is hung up itself, or has a line discipline of its own, only the path is told: it is
 * refused.
 */
static int collect_end(struct dump *dump, struct terminal_end *end, const struct fd_info *info)
{
	struct terminal_settings settings;
	int r = collect_slave(dump, end, info->our_fd);

	if (r < 0 || !end->path || !terminals_check_discipline(dump, info->our_fd, end->path))
		return r;
	r = terminal_read_settings(info->our_fd, &settings);
	if (r < 0)
		return log_error_errno(r, "cannot ask for the settings of the terminal");
	end->ptmx->settings = terminals_settings(dump, &settings);
	if (!end->ptmx->settings)
		return log_error_errno(-ENOMEM, "cannot note it");
	end->ptmx->slave_state = slave_state(info->our_fd);
	r = collect_flags(end, info->our_fd);
	return r < 0 ? r : collect_queues(dump, end, info->our_fd);
}

static int ptmx_collect(struct dump *dump, const struct process *process, const struct fd_info *info,
			struct open_file *file)
{
	struct terminal_end *end = terminals_add(dump, process, info, file);
	struct stat st;
	char use[32];
	int r;

	if (!end)
		return -ENOMEM;
	end->ptmx = arena_new(&dump->arena, Cr__Ptmx);
	if (!end->ptmx)
		return log_error_errno(-ENOMEM, "cannot note it");
	cr__ptmx__init(end->ptmx);
	end->ptmx->path = arena_string(&dump->arena, info->link);
	if (!end->ptmx->path)
		return log_error_errno(-ENOMEM, "cannot note it");
	r = collect_end(dump, end, info);
	if (r < 0)
		return r;
	if (stat(info->link, &st) < 0 || st.st_dev != info->stat.st_dev || st.st_ino != info->stat.st_ino)
		blockers_add(&dump->blockers,
			     "is the master of a pseudo-terminal, opened as '%s', which leads elsewhere now",
			     fd_info_printable(info->link, &dump->arena));
	file->entry = &end->ptmx->base;
	file->description = arena_format(&dump->arena, "master of %s", end->path ? end->path : "?");
	if (!file->description)
		return log_error_errno(-ENOMEM, "cannot note it");
	snprintf(use, sizeof(use), "fd %d", info->fd);
	return dump_require_file(dump, process, end->ptmx->path, &info->stat, false, use);
}

const struct fd_dumper ptmx_fd_dumper = {
	.name = "ptmx",
	.matches = ptmx_matches,
	.collect = ptmx_collect,
	.check = terminals_check,
	.done = terminals_done,
};
