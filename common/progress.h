/* SPDX-License-Identifier: MIT */
/*
 * How far a long piece of work has come, on standard error.
 *
 * On a terminal one line is drawn over and over, at most ten times a second, and taken away at the end.
 * Nothing is shown for work that is done within a second. Elsewhere ('always') a plain line is written once a
 * second. For use by one thread; whoever logs in between calls progress_clear() before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/compiler.h"
#include "common/options.h"

enum progress_mode {
	PROGRESS_MODE_AUTO, /* when standard error is a terminal */
	PROGRESS_MODE_ALWAYS,
	PROGRESS_MODE_NEVER,
};

/* For OPTION_CHOICE(): auto, always, never. */
extern const struct option_choice progress_choices[];

struct progress {
	const char *label; /* borrowed */
	uint64_t total;    /* bytes; 0: not known */
	int64_t start_ns;  /* CLOCK_MONOTONIC */
	int64_t next_ns;   /* nothing is written before */
	bool is_enabled;
	bool is_bar;
	bool is_shown; /* there is a bar on the terminal now */
	bool was_shown;
};

/* LABEL, as in "writing memory", must live as long as PROGRESS; TOTAL is in bytes, 0 if it is not known. */
void progress_init(struct progress *progress, enum progress_mode mode, const char *label, uint64_t total);

/* DONE bytes of the total are done. Cheap enough to be called for each piece of some 100 KiB. */
void progress_update(struct progress *progress, uint64_t done);

/* Takes the bar off the terminal; the next update draws it again. */
void progress_clear(struct progress *progress);

/* The work is over, well or not: takes the bar away; after plain lines, writes a last one with DONE bytes. */
void progress_finish(struct progress *progress, uint64_t done);

/*
 * Writes the line that is shown after ELAPSED_NS into BUFFER, always terminated; with a bar if WIDTH, the
 * terminal's columns, leaves room for one (0: none). Apart from the clock and the terminal, so that it can be
 * tested.
 */
void progress_format(const struct progress *progress, uint64_t done, int64_t elapsed_ns, unsigned int width,
		     char *buffer, size_t size);

/* Writes BYTES as a person reads it, "12.3 MiB", into BUFFER; returns BUFFER. */
const char *format_bytes(uint64_t bytes, char *buffer, size_t size);
