/* SPDX-License-Identifier: MIT */
/* How far a long piece of work has come, on standard error. */
#include "common/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000LL
#define BAR_INTERVAL_NS (NS_PER_SECOND / 10)
#define LINE_INTERVAL_NS NS_PER_SECOND
#define DELAY_NS NS_PER_SECOND

#define BAR_CELLS_MAX 40U
#define BAR_CELLS_MIN 8U
#define LINE_SIZE 256

const struct option_choice progress_choices[] = {
	{"auto", PROGRESS_MODE_AUTO},
	{"always", PROGRESS_MODE_ALWAYS},
	{"never", PROGRESS_MODE_NEVER},
	{NULL, 0},
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

const char *format_bytes(uint64_t bytes, char *buffer, size_t size)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	/* 1023.96 KiB would read 1024.0 KiB */
	while (value >= 1023.95 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(buffer, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
	return buffer;
}

/* "1:05" or "2:03:04" for a time in whole seconds. */
static void format_seconds(uint64_t seconds, char *buffer, size_t size)
{
	unsigned int hours = (unsigned int)MIN(seconds / 3600, 9999U);
	unsigned int minutes = (unsigned int)(seconds / 60 % 60);

	if (hours)
		snprintf(buffer, size, "%u:%02u:%02u", hours, minutes, (unsigned int)(seconds % 60));
	else
		snprintf(buffer, size, "%u:%02u", minutes, (unsigned int)(seconds % 60));
}

static void format_bar(double fraction, unsigned int cells, char *buffer)
{
	unsigned int filled = (unsigned int)(fraction * cells);

	buffer[0] = '[';
	memset(buffer + 1, '#', filled);
	memset(buffer + 1 + filled, '.', cells - filled);
	memcpy(buffer + 1 + cells, "] ", 3);
}

void progress_format(const struct progress *progress, uint64_t done, int64_t elapsed_ns, unsigned int width,
		     char *buffer, size_t size)
{
	double seconds = (double)MAX(elapsed_ns, (int64_t)1) / (double)NS_PER_SECOND;
	double rate = (double)done / seconds;
	char done_text[32], total_text[32], rate_text[32], left_text[32];
	char bar[BAR_CELLS_MAX + 8] = "";
	char figures[160];
	unsigned int used, cells;
	double fraction;

	format_bytes(done, done_text, sizeof(done_text));
	format_bytes((uint64_t)rate, rate_text, sizeof(rate_text));
	if (progress->total == 0) {
		snprintf(buffer, size, "%s: %s, %s/s", progress->label, done_text, rate_text);
		return;
	}
	done = MIN(done, progress->total);
	fraction = (double)done / (double)progress->total;
	format_bytes(progress->total, total_text, sizeof(total_text));
	if (done == 0)
		snprintf(left_text, sizeof(left_text), "-:--");
	else
		format_seconds((uint64_t)((double)(progress->total - done) / rate + 0.5), left_text,
			       sizeof(left_text));
	snprintf(figures, sizeof(figures), "%3u%%  %s of %s, %s/s, %s left", (unsigned int)(fraction * 100),
		 done_text, total_text, rate_text, left_text);

	/* the last column stays free: a terminal would wrap */
	used = (unsigned int)(strlen(progress->label) + strlen(": [] ") + strlen(figures) + 1);
	cells = width > used ? MIN(width - used, BAR_CELLS_MAX) : 0;
	if (cells >= BAR_CELLS_MIN)
		format_bar(fraction, cells, bar);
	snprintf(buffer, size, "%s: %s%s", progress->label, bar, figures);
}

/* One write(2) a line: other threads may be logging. */
static void write_stderr(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* nobody is listening: there is nowhere to say so */
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return MIN(size.ws_col, LINE_SIZE - 16U);
}

void progress_init(struct progress *progress, enum progress_mode mode, const char *label, uint64_t total)
{
	*progress = (struct progress){
		.label = label,
		.total = total,
		.start_ns = now_ns(),
		.is_enabled =
			mode == PROGRESS_MODE_ALWAYS || (mode == PROGRESS_MODE_AUTO && isatty(STDERR_FILENO)),
		.is_bar = mode == PROGRESS_MODE_AUTO,
	};
	progress->next_ns = progress->start_ns + DELAY_NS;
}

static void draw_bar(struct progress *progress, uint64_t done, int64_t now)
{
	unsigned int width = terminal_width();
	char text[LINE_SIZE];
	char line[LINE_SIZE + 16];

	progress_format(progress, done, now - progress->start_ns, width, text, sizeof(text));
	/* a line that wraps could not be drawn over */
	snprintf(line, sizeof(line), "\r\033[K%.*s", (int)width - 1, text);
	write_stderr(line);
	progress->is_shown = true;
}

static void write_plain_line(const struct progress *progress, uint64_t done, int64_t now)
{
	char text[LINE_SIZE];
	char line[LINE_SIZE + 2];

	progress_format(progress, done, now - progress->start_ns, 0, text, sizeof(text));
	snprintf(line, sizeof(line), "%s\n", text);
	write_stderr(line);
}

void progress_update(struct progress *progress, uint64_t done)
{
	int64_t now;

	if (!progress->is_enabled)
		return;
	now = now_ns();
	if (now < progress->next_ns)
		return;
	if (progress->is_bar)
		draw_bar(progress, done, now);
	else
		write_plain_line(progress, done, now);
	progress->was_shown = true;
	progress->next_ns = now + (progress->is_bar ? BAR_INTERVAL_NS : LINE_INTERVAL_NS);
}

void progress_clear(struct progress *progress)
{
	if (!progress->is_shown)
		return;
	write_stderr("\r\033[K");
	progress->is_shown = false;
}

void progress_finish(struct progress *progress, uint64_t done)
{
	progress_clear(progress);
	if (progress->was_shown && !progress->is_bar)
		write_plain_line(progress, done, now_ns());
	progress->is_enabled = false;
}
