/* SPDX-License-Identifier: MIT */
/* What a valid terminal and a valid master are: one of each, and every way to spoil them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <asm/termbits.h>
#include <errno.h>

#include "common/terminal_queue.h"
#include "format/fd/ptmx.h"
#include "format/fd/terminal.h"

static uint8_t characters[TERMINAL_CHARACTERS + 1];
static uint8_t bytes[TERMINAL_QUEUE_SIZE + 1];

/* A pseudo-terminal in canonical mode with a line, an end of file and a beginning. */
struct sample {
	Cr__TerminalSettings settings;
	Cr__TerminalNode node;
	Cr__TerminalQueue master, slave;
	uint32_t line_ends[3];
	Cr__Ptmx ptmx;
	Cr__Terminal terminal;
};

static void make(struct sample *sample)
{
	*sample = (struct sample){
		.settings = CR__TERMINAL_SETTINGS__INIT,
		.node = CR__TERMINAL_NODE__INIT,
		.master = CR__TERMINAL_QUEUE__INIT,
		.slave = CR__TERMINAL_QUEUE__INIT,
		.line_ends = {3, 4},
		.ptmx = CR__PTMX__INIT,
		.terminal = CR__TERMINAL__INIT,
	};
	sample->settings.local_flags = ICANON;
	sample->settings.input_flags = IXON;
	sample->settings.characters = (ProtobufCBinaryData){TERMINAL_CHARACTERS, characters};
	sample->node.mode = 0620;
	sample->slave.data = (ProtobufCBinaryData){7, bytes};
	sample->slave.line_ends = sample->line_ends;
	sample->slave.n_line_ends = 2;
	sample->slave.lines_size = 5;
	sample->ptmx.path = (char *)"/dev/ptmx";
	sample->ptmx.settings = &sample->settings;
	sample->ptmx.node = &sample->node;
	sample->ptmx.master = &sample->master;
	sample->ptmx.slave = &sample->slave;
	sample->ptmx.slave_state = CR__SLAVE_STATE__SLAVE_OPEN;
	sample->terminal.path = (char *)"/dev/pts/3";
	sample->terminal.index = 3;
	sample->terminal.ptmx_id = 7;
	sample->terminal.settings = &sample->settings;
	sample->terminal.node = &sample->node;
}

static void accepts(const struct sample *sample)
{
	const char *reason = NULL;

	assert_int_equal(ptmx_check(&sample->ptmx, &reason), 0);
	assert_int_equal(terminal_check(&sample->terminal, &reason), 0);
	assert_null(reason);
}

static void accepts_valid_ones(void **state maybe_unused)
{
	struct sample sample;

	make(&sample);
	accepts(&sample);
	sample.slave.is_stopped = true;
	sample.slave.is_literal_next = true;
	sample.slave.is_pushed = true;
	sample.master.is_stopped = sample.master.is_stopped_by_call = true;
	sample.settings.locked_characters = sample.settings.characters;
	accepts(&sample);
	sample.terminal.ptmx_id = 0;
	sample.terminal.is_hung_up = true;
	accepts(&sample);
	sample.terminal.place = CR__TERMINAL_PLACE__TERMINAL_GONE;
	sample.terminal.is_by_dev_tty = true;
	accepts(&sample);
	sample.terminal.is_by_dev_tty = sample.terminal.is_hung_up = false;
	sample.terminal.place = CR__TERMINAL_PLACE__TERMINAL_DEVICE;
	accepts(&sample);
}

#define SPOIL_PTMX(change)                                                                                   \
	do {                                                                                                 \
		const char *reason = NULL;                                                                   \
		struct sample sample;                                                                        \
                                                                                                             \
		make(&sample);                                                                               \
		change;                                                                                      \
		assert_int_equal(ptmx_check(&sample.ptmx, &reason), -EBADMSG);                               \
		assert_non_null(reason);                                                                     \
	} while (0)

static void refuses_spoiled_masters(void **state maybe_unused)
{
	SPOIL_PTMX(sample.ptmx.index = TERMINAL_INDEX_LIMIT);
	SPOIL_PTMX(sample.ptmx.path = (char *)"ptmx");
	SPOIL_PTMX(sample.ptmx.settings = NULL);
	SPOIL_PTMX(sample.ptmx.node = NULL);
	SPOIL_PTMX(sample.ptmx.master = NULL);
	SPOIL_PTMX(sample.ptmx.slave = NULL);
	SPOIL_PTMX(sample.ptmx.slave_state = 3);
	SPOIL_PTMX(sample.ptmx.slave_state = CR__SLAVE_STATE__SLAVE_NEVER_OPENED);
	SPOIL_PTMX(sample.ptmx.packet_events = 1);
	SPOIL_PTMX(sample.ptmx.is_packet_mode = true; sample.ptmx.packet_events = 64);
	SPOIL_PTMX(sample.node.mode = 010000);
	SPOIL_PTMX(sample.settings.characters.len = TERMINAL_CHARACTERS + 1);
	SPOIL_PTMX(sample.settings.locked_characters.len = 1);
	SPOIL_PTMX(sample.settings.rows = 65536);
	SPOIL_PTMX(sample.settings.line = 256);
	SPOIL_PTMX(sample.settings.local_flags = 0);
	SPOIL_PTMX(sample.settings.input_flags = 0; sample.slave.is_stopped = true);
	SPOIL_PTMX(sample.slave.data.len = TERMINAL_QUEUE_SIZE + 1);
	SPOIL_PTMX(sample.slave.waiting.len = TERMINAL_WAITING_MAX + 1);
	SPOIL_PTMX(sample.slave.lines_size = 8);
	SPOIL_PTMX(sample.slave.lines_size = 6);
	SPOIL_PTMX(sample.slave.n_line_ends = 1);
	SPOIL_PTMX(sample.slave.n_line_ends = 3);
	SPOIL_PTMX(sample.line_ends[1] = 3);
	SPOIL_PTMX(sample.line_ends[1] = 5);
	SPOIL_PTMX(sample.slave.is_stopped_by_call = true);
	SPOIL_PTMX(sample.master.is_stopped = true);
	SPOIL_PTMX(sample.master.is_pushed = true);
	SPOIL_PTMX(sample.slave.n_line_ends = sample.slave.lines_size = 0; sample.slave.is_pushed = true);
}

#define SPOIL_TERMINAL(change)                                                                               \
	do {                                                                                                 \
		const char *reason = NULL;                                                                   \
		struct sample sample;                                                                        \
                                                                                                             \
		make(&sample);                                                                               \
		change;                                                                                      \
		assert_int_equal(terminal_check(&sample.terminal, &reason), -EBADMSG);                       \
		assert_non_null(reason);                                                                     \
	} while (0)

static void refuses_spoiled_terminals(void **state maybe_unused)
{
	SPOIL_TERMINAL(sample.terminal.path = (char *)"");
	SPOIL_TERMINAL(sample.terminal.index = TERMINAL_INDEX_LIMIT);
	SPOIL_TERMINAL(sample.terminal.ptmx_id = 0);
	SPOIL_TERMINAL(sample.terminal.ptmx_id = 0; sample.terminal.is_hung_up = true;
		       sample.terminal.node = NULL);
	SPOIL_TERMINAL(sample.terminal.ptmx_id = 0;
		       sample.terminal.is_hung_up = sample.terminal.is_by_dev_tty = true);
	SPOIL_TERMINAL(sample.terminal.place = 4);
	SPOIL_TERMINAL(sample.terminal.place = 3; sample.terminal.is_by_dev_tty = true);
	SPOIL_TERMINAL(sample.terminal.place = 3; sample.terminal.is_hung_up = true);
	SPOIL_TERMINAL(sample.terminal.place = 1; sample.terminal.is_hung_up = true);
	SPOIL_TERMINAL(sample.terminal.place = 2; sample.terminal.settings = NULL);
	SPOIL_TERMINAL(sample.terminal.place = 2; sample.settings.columns = 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_valid_ones),
		cmocka_unit_test(refuses_spoiled_masters),
		cmocka_unit_test(refuses_spoiled_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
