/* SPDX-License-Identifier: MIT */
/*
 * The contents of a pseudo-terminal.
 *
 * What a reader has not read yet was processed when it came, by the settings of that time. So it is put in
 * with settings under which bytes stay as they are, and what has a meaning is given it by a special character
 * that is one for that moment only. The settings of the image come last; what waited before the line
 * discipline was not processed yet, and is written under these.
 */
#include "restorer/fd/terminal_fill.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/terminal_queue.h"
#include "format/fd/terminal.h"

/* Characters for the moment in which they are special, whatever the program has. */
#define END_OF_FILE 4
#define LITERAL_NEXT 22

/*
 * How the kernel's buffer between the ends is filled best. It is made of pieces, each for the write that it
 * is made for and then for as much again, until they have more than 8 KiB in all; a write takes a piece of
 * 1792 bytes at most. So small writes fill it well, and the last may be large.
 */
#define PIECE_SMALL 256
#define PIECE_LARGE 1792
#define PIECES_SMALL_SIZE 16384

/* What is written from one end to the other arrives within, in steps of a millisecond. */
#define ARRIVAL_TIMEOUT_MS 5000

/* A terminal that is being filled. */
struct filling {
	const struct pseudo_terminal *pseudo;
	struct terminal_modes plain; /* under which bytes stay what they are */
};

static int set_modes(const struct filling *filling, const struct terminal_modes *modes)
{
	return terminal_set_modes(filling->pseudo->master_fd, modes);
}

/* As if it had been typed (TIOCSTI). */
static int type_byte(int fd, unsigned char byte)
{
	return ioctl(fd, TIOCSTI, &byte) < 0 ? -errno : 0;
}

static int put(const struct filling *filling, unsigned char byte)
{
	return type_byte(filling->pseudo->slave_fd, byte);
}

/* A byte that is special character number CHARACTER for this once. */
static int put_special(const struct filling *filling, unsigned character, unsigned char byte)
{
	struct terminal_modes modes = filling->plain;
	int r;

	modes.characters[character] = byte;
	modes.local_flags |= IEXTEN;
	r = set_modes(filling, &modes);
	if (r == 0)
		r = put(filling, byte);
	return r < 0 ? r : set_modes(filling, &filling->plain);
}

static int put_line_end(const struct filling *filling, unsigned char byte)
{
	if (byte == '\n')
		return put(filling, byte);
	return byte == 0 ? put_special(filling, VEOF, END_OF_FILE) : put_special(filling, VEOL, byte);
}

static int put_literal(const struct filling *filling, unsigned char byte)
{
	/* The only one that is special whatever is set. */
	if (byte == '\n' && terminal_is_canonical(filling->plain.local_flags)) {
		int r = put_special(filling, VLNEXT, LITERAL_NEXT);

		if (r < 0)
			return r;
	}
	return put(filling, byte);
}

/* A first line that was none before canonical mode was set: it becomes one in the same way. */
static int put_pushed(struct filling *filling, const Cr__TerminalQueue *queue, size_t *ret_count)
{
	struct terminal_modes raw = filling->plain;
	size_t count = queue->is_pushed ? (size_t)queue->line_ends[0] + 1 : 0;
	int r = 0;

	*ret_count = count;
	if (count == 0)
		return 0;
	raw.local_flags &= ~(uint32_t)ICANON;
	r = set_modes(filling, &raw);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put(filling, queue->data.data[i]);
	return r < 0 ? r : set_modes(filling, &filling->plain);
}

static int fill_slave(struct filling *filling, const Cr__TerminalQueue *queue)
{
	size_t done = 0, line = queue->is_pushed ? 1 : 0;
	int r = put_pushed(filling, queue, &done);

	for (size_t i = done; r == 0 && i < queue->data.len; i++) {
		bool is_end = line < queue->n_line_ends && queue->line_ends[line] == i;

		line += is_end;
		r = is_end ? put_line_end(filling, queue->data.data[i])
			   : put_literal(filling, queue->data.data[i]);
	}
	if (r == 0 && queue->is_literal_next)
		r = put_special(filling, VLNEXT, LITERAL_NEXT);
	return r;
}

/* Whether the reader will find what is in QUEUE: ends of files do not count. */
static int check_arrived(int fd, const Cr__TerminalQueue *queue, bool is_canonical)
{
	size_t expected = is_canonical ? queue->lines_size : queue->data.len;
	int found = 0;

	for (size_t i = 0; i < queue->n_line_ends; i++)
		if (queue->data.data[queue->line_ends[i]] == 0)
			expected--;
	if (ioctl(fd, FIONREAD, &found) < 0)
		return -errno;
	return (size_t)found == expected ? 0 : -EAGAIN;
}

static int await_arrival(int fd, const Cr__TerminalQueue *queue)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < ARRIVAL_TIMEOUT_MS; i++) {
		int r = check_arrived(fd, queue, false);

		if (r != -EAGAIN)
			return r;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static int write_all(int fd, const ProtobufCBinaryData *data)
{
	ssize_t written = data->len > 0 ? write(fd, data->data, data->len) : 0;

	if (written < 0)
		return -errno;
	return (size_t)written == data->len ? 0 : -ENOBUFS;
}

/* What is to wait before the line discipline, which is full. */
static int write_waiting(int fd, const ProtobufCBinaryData *waiting)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < waiting->len) {
		size_t piece = done < PIECES_SMALL_SIZE ? PIECE_SMALL : PIECE_LARGE;
		ProtobufCBinaryData part = {MIN(piece, waiting->len - done), waiting->data + done};

		r = write_all(fd, &part);
		done += part.len;
	}
	return r;
}

/*
 * Output of the slave. If there is more than the line discipline has room for, nothing but that may go
 * through the buffer before it: what has passed takes up room there until more comes.
 */
static int fill_master(const struct pseudo_terminal *pseudo, const Cr__TerminalQueue *queue)
{
	bool is_full = queue->waiting.len > 0;
	int r = is_full ? 0 : write_all(pseudo->slave_fd, &queue->data);

	for (size_t i = 0; is_full && r == 0 && i < queue->data.len; i++)
		r = type_byte(pseudo->master_fd, queue->data.data[i]);
	if (r == 0)
		r = await_arrival(pseudo->master_fd, queue);
	return r < 0 ? r : write_waiting(pseudo->slave_fd, &queue->waiting);
}

static int stop(const struct filling *filling, const Cr__TerminalQueue *queue)
{
	struct terminal_modes modes = filling->plain;
	int r;

	if (!queue->is_stopped)
		return 0;
	if (queue->is_stopped_by_call)
		return ioctl(filling->pseudo->slave_fd, TCXONC, TCOOFF) < 0 ? -errno : 0;
	modes.characters[VSTOP] = TERMINAL_STOP;
	modes.input_flags |= IXON;
	r = set_modes(filling, &modes);
	return r < 0 ? r : put(filling, TERMINAL_STOP);
}

/* Everything for which the slave has to be open. */
static int fill_open(struct filling *filling)
{
	const struct pseudo_terminal *pseudo = filling->pseudo;
	const Cr__Ptmx *image = pseudo->image;
	int r = fill_slave(filling, image->slave);

	if (r == 0)
		r = check_arrived(pseudo->slave_fd, image->slave,
				  terminal_is_canonical(filling->plain.local_flags));
	if (r == 0)
		r = fill_master(pseudo, image->master);
	return r < 0 ? r : stop(filling, image->slave);
}

static int finish(const struct pseudo_terminal *pseudo, const struct terminal_settings *settings)
{
	const Cr__Ptmx *image = pseudo->image;
	int packet = image->is_packet_mode;
	int r = terminal_set_modes(pseudo->master_fd, &settings->modes);

	if (r == 0)
		r = terminal_set_locked(pseudo->master_fd, &settings->locked);
	if (r == 0)
		r = terminal_set_window(pseudo->master_fd, settings);
	if (r == 0)
		r = write_waiting(pseudo->master_fd, &image->slave->waiting);
	if (r == 0 && image->master->is_stopped && ioctl(pseudo->master_fd, TCXONC, TCOOFF) < 0)
		r = -errno;
	if (r == 0 && packet && ioctl(pseudo->master_fd, TIOCPKT, &packet) < 0)
		r = -errno;
	return r;
}

/*
 * Events of packet mode that the master has not been told yet: they happen, while there is nothing in the
 * terminal that they could harm, and what is done afterwards must cause no other.
 */
static int cause_events(struct filling *filling, const struct terminal_modes *modes)
{
	const struct pseudo_terminal *pseudo = filling->pseudo;
	uint32_t events = pseudo->image->packet_events;
	bool has_flow_control = terminal_has_usual_flow_control(modes);
	struct terminal_modes other = *modes;
	int on = 1;
	int r = set_modes(filling, modes);

	if (r == 0 && ioctl(pseudo->master_fd, TIOCPKT, &on) < 0)
		r = -errno;
	terminal_set_usual_flow_control(&other, !has_flow_control);
	if (r == 0 && events & (TIOCPKT_DOSTOP | TIOCPKT_NOSTOP))
		r = set_modes(filling, &other);
	if (r == 0)
		r = set_modes(filling, modes);
	if (r == 0 && events & TIOCPKT_FLUSHREAD && ioctl(pseudo->slave_fd, TCFLSH, TCIFLUSH) < 0)
		r = -errno;
	if (r == 0 && events & TIOCPKT_FLUSHWRITE && ioctl(pseudo->slave_fd, TCFLSH, TCOFLUSH) < 0)
		r = -errno;
	if (r == 0 && events & TIOCPKT_START &&
	    (ioctl(pseudo->slave_fd, TCXONC, TCOOFF) < 0 || ioctl(pseudo->slave_fd, TCXONC, TCOON) < 0))
		r = -errno;
	if (has_flow_control)
		terminal_set_usual_flow_control(&filling->plain, true);
	return r;
}

int terminal_fill(const struct pseudo_terminal *pseudo)
{
	struct filling filling = {.pseudo = pseudo};
	struct terminal_settings settings;
	int r = 0;

	terminal_settings_get(pseudo->image->settings, &settings);
	filling.plain = settings.modes;
	terminal_make_plain(&filling.plain);
	if (pseudo->image->packet_events != 0)
		r = cause_events(&filling, &settings.modes);
	if (r == 0 && pseudo->slave_fd >= 0)
		r = set_modes(&filling, &filling.plain);
	if (r == 0 && pseudo->slave_fd >= 0)
		r = fill_open(&filling);
	if (r == 0)
		r = finish(pseudo, &settings);
	return r < 0 ? log_error_errno(r, "cannot give pseudo-terminal %u its settings and contents",
				       pseudo->index)
		     : 0;
}
