/* SPDX-License-Identifier: MIT */
/* What a valid master of a pseudo-terminal is. */
#include "format/fd/ptmx.h"

#include <errno.h>

#include "common/terminal.h"
#include "common/terminal_queue.h"
#include "format/fd/terminal.h"

#define PACKET_EVENTS UINT32_C(0x3f) /* all TIOCPKT_* but TIOCPKT_IOCTL */

static int refuse(const char *reason, const char **ret_reason)
{
	*ret_reason = reason;
	return -EBADMSG;
}

static int queue_check(const Cr__TerminalQueue *queue, const char **ret_reason)
{
	uint32_t next = 0;

	if (!queue)
		return refuse("one of its queues is missing", ret_reason);
	if (queue->data.len > TERMINAL_QUEUE_SIZE || queue->waiting.len > TERMINAL_WAITING_MAX)
		return refuse("a queue holds more than there is room for", ret_reason);
	if (queue->lines_size > queue->data.len)
		return refuse("a queue has more lines than data", ret_reason);
	for (size_t i = 0; i < queue->n_line_ends; i++) {
		if (queue->line_ends[i] < next || queue->line_ends[i] >= queue->lines_size)
			return refuse("a line ends where it cannot", ret_reason);
		next = queue->line_ends[i] + 1;
	}
	if (next != queue->lines_size)
		return refuse("a finished line has no end", ret_reason);
	if (queue->is_pushed && queue->n_line_ends == 0)
		return refuse("a line was made one, but there is none", ret_reason);
	if (queue->is_stopped_by_call && !queue->is_stopped)
		return refuse("an end is stopped, and is not", ret_reason);
	return 0;
}

static bool is_fresh(const Cr__TerminalQueue *queue)
{
	return queue->data.len == 0 && queue->waiting.len == 0 && !queue->is_stopped &&
	       !queue->is_literal_next;
}

static int states_check(const Cr__Ptmx *ptmx, const char **ret_reason)
{
	bool is_canonical = terminal_is_canonical(ptmx->settings->local_flags);
	const Cr__TerminalQueue *master = ptmx->master, *slave = ptmx->slave;

	if (ptmx->slave_state != CR__SLAVE_STATE__SLAVE_NEVER_OPENED &&
	    ptmx->slave_state != CR__SLAVE_STATE__SLAVE_OPEN &&
	    ptmx->slave_state != CR__SLAVE_STATE__SLAVE_CLOSED)
		return refuse("whether its slave is open is not known", ret_reason);
	if (ptmx->slave_state == CR__SLAVE_STATE__SLAVE_NEVER_OPENED &&
	    (!is_fresh(master) || !is_fresh(slave) || ptmx->packet_events != 0))
		return refuse("its slave was never opened, and yet it was used", ret_reason);
	if (master->lines_size > 0 || master->is_literal_next || master->is_pushed ||
	    (master->is_stopped && !master->is_stopped_by_call))
		return refuse("its master is in a state that a master cannot be in", ret_reason);
	if (!is_canonical && (slave->lines_size > 0 || slave->is_literal_next || slave->is_pushed))
		return refuse("it has lines without being in canonical mode", ret_reason);
	if (slave->is_stopped && !slave->is_stopped_by_call &&
	    !terminal_has_flow_control(ptmx->settings->input_flags))
		return refuse("it is stopped by a character that it does not know", ret_reason);
	return 0;
}

int ptmx_check(const Cr__Ptmx *ptmx, const char **ret_reason)
{
	int r;

	if (ptmx->index >= TERMINAL_INDEX_LIMIT)
		return refuse("its number is too large", ret_reason);
	if (!ptmx->settings || !ptmx->node)
		return refuse("its settings or its node are missing", ret_reason);
	if (ptmx->packet_events & ~PACKET_EVENTS || (ptmx->packet_events != 0 && !ptmx->is_packet_mode))
		return refuse("its packet mode is not valid", ret_reason);
	r = terminal_path_check(ptmx->path, ret_reason);
	if (r == 0)
		r = terminal_settings_check(ptmx->settings, ret_reason);
	if (r == 0)
		r = terminal_node_check(ptmx->node, ret_reason);
	if (r == 0)
		r = queue_check(ptmx->master, ret_reason);
	if (r == 0)
		r = queue_check(ptmx->slave, ret_reason);
	return r < 0 ? r : states_check(ptmx, ret_reason);
}
