/* SPDX-License-Identifier: MIT */
/* What of pipes and FIFOs an archive may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "format/fd/open_file.h"
#include "format/fd/pipe.h"

/* A pipe of two packets and three full buffers, for a test to spoil. */
struct sample {
	Cr__OpenFile file;
	Cr__Pipe pipe;
	Cr__PipeState state;
	Cr__PipeBuffers packets, full;
	Cr__PipeBuffers *buffers[2];
	Cr__NamedFile named;
	bool is_fifo;
};

static void make(struct sample *sample)
{
	*sample = (struct sample){0};
	cr__open_file__init(&sample->file);
	cr__pipe__init(&sample->pipe);
	cr__pipe_state__init(&sample->state);
	cr__pipe_buffers__init(&sample->packets);
	cr__pipe_buffers__init(&sample->full);
	sample->file.id = 7;
	sample->pipe.first_id = 7;
	sample->pipe.state = &sample->state;
	sample->state.capacity = 65536;
	sample->state.mode = 0600;
	cr__named_file__init(&sample->named);
	sample->named.path = (char *)"/tmp/fifo";
	sample->named.mode = S_IFIFO | 0600;
	sample->packets.size = 10;
	sample->packets.count = 2;
	sample->packets.is_packet = true;
	sample->full.size = PIPE_SLOT_SIZE;
	sample->full.count = 3;
	sample->buffers[0] = &sample->packets;
	sample->buffers[1] = &sample->full;
	sample->state.buffers = sample->buffers;
	sample->state.n_buffers = 2;
}

static void make_fifo(struct sample *sample)
{
	make(sample);
	sample->is_fifo = true;
	sample->pipe.file = &sample->named;
	sample->file.flags = OPEN_FILE_LARGE;
}

/* NULL if it is valid. */
static const char *why(const struct sample *sample)
{
	const char *reason = NULL;
	int r = pipe_check(&sample->file, &sample->pipe, sample->is_fifo, &reason);

	assert_int_equal(r, reason ? -EBADMSG : 0);
	return reason;
}

#define assert_refused(sample, text)                                                                         \
	do {                                                                                                 \
		const char *reason_ = why(sample);                                                           \
		assert_non_null(reason_);                                                                    \
		assert_string_equal(reason_, (text));                                                        \
		make(sample);                                                                                \
	} while (0)

static void takes_what_is_valid(void **state maybe_unused)
{
	struct sample sample;

	make(&sample);
	assert_null(why(&sample));
	assert_int_equal(pipe_state_bytes(&sample.state), 20 + 3 * PIPE_SLOT_SIZE);
	sample.file.flags = O_WRONLY | O_NONBLOCK | O_DIRECT | O_ASYNC | O_APPEND;
	assert_null(why(&sample));
	sample.file.flags = O_RDWR | OPEN_FILE_LARGE;
	assert_null(why(&sample));
	sample.file.flags = O_PATH;
	assert_null(why(&sample));
	sample.pipe.state = NULL;
	sample.pipe.first_id = 3;
	assert_null(why(&sample));
	make_fifo(&sample);
	assert_null(why(&sample));
	sample.file.flags |= O_NOFOLLOW;
	sample.pipe.is_quiet = true;
	assert_null(why(&sample));
}

static void refuses_what_no_pipe_is(void **state maybe_unused)
{
	struct sample sample;

	make(&sample);
	sample.file.flags = O_ACCMODE;
	assert_refused(&sample, "it has flags that a pipe cannot have");
	sample.file.flags = O_RDWR;
	assert_refused(&sample, "it has flags that a pipe cannot have");
	sample.file.flags = O_SYNC;
	assert_refused(&sample, "it has flags that a pipe cannot have");
	sample.file.flags = O_DIRECTORY | OPEN_FILE_LARGE;
	assert_refused(&sample, "it has flags that a pipe cannot have");
	sample.file.flags = O_NOFOLLOW | OPEN_FILE_LARGE;
	assert_refused(&sample, "it has flags that a pipe cannot have");
	sample.file.position = 1;
	assert_refused(&sample, "it has a position");
	sample.pipe.file = &sample.named;
	assert_refused(&sample, "it is no FIFO and has a path");
	sample.pipe.is_quiet = true;
	assert_refused(&sample, "it is quiet, but not for reading a FIFO");
}

static void refuses_what_no_fifo_is(void **state maybe_unused)
{
	struct sample sample;

	make_fifo(&sample);
	sample.named.path = (char *)"tmp/fifo";
	assert_refused(&sample, "its path is not absolute");
	make_fifo(&sample);
	sample.named.mode = S_IFREG | 0600;
	assert_refused(&sample, "its path is not that of a FIFO");
	make_fifo(&sample);
	sample.named.ghost_id = 1;
	sample.file.flags |= O_NOFOLLOW;
	assert_refused(&sample, "it has no name and was opened with O_NOFOLLOW");
	make_fifo(&sample);
	sample.pipe.file = NULL;
	assert_refused(&sample, "it is a FIFO and has no path");
	make_fifo(&sample);
	sample.file.flags |= O_RDWR;
	sample.pipe.is_quiet = true;
	assert_refused(&sample, "it is quiet, but not for reading a FIFO");
}

static void refuses_a_state_out_of_place(void **state maybe_unused)
{
	struct sample sample;

	make(&sample);
	sample.pipe.first_id = 0;
	assert_refused(&sample, "it does not tell which pipe it is of");
	sample.pipe.first_id = 3;
	assert_refused(&sample, "it does not tell which pipe it is of");
	sample.pipe.state = NULL;
	assert_refused(&sample, "it does not tell which pipe it is of");
}

static void refuses_what_does_not_fit(void **state maybe_unused)
{
	static const uint32_t capacities[] = {1, 4095, 4097, 12288, 0x80000001, UINT32_MAX};
	struct sample sample;

	make(&sample);
	for (size_t i = 0; i < ARRAY_SIZE(capacities); i++) {
		sample.state.capacity = capacities[i];
		assert_refused(&sample, "its capacity is not valid");
	}
	sample.state.mode = 010600;
	assert_refused(&sample, "its mode is not valid");
	sample.state.capacity = 16384; /* 2 + 3 slots are wanted */
	assert_refused(&sample, "it holds more than it can");
	sample.state.capacity = 0;
	assert_refused(&sample, "it holds more than it can");
	sample.full.size = UINT32_MAX;
	sample.full.count = UINT32_MAX;
	assert_refused(&sample, "it holds more than it can");
	sample.full.count = 0;
	assert_refused(&sample, "it has an empty buffer");
	sample.full.size = 0;
	assert_refused(&sample, "it has an empty buffer");
	sample.packets.size = PIPE_SLOT_SIZE + 1;
	assert_refused(&sample, "it has a packet that is too large");
	sample.state.n_buffers = PIPE_RUNS_MAX + 1;
	assert_refused(&sample, "it has too many buffers");
	sample.full.size = PIPE_SLOT_SIZE * 4; /* what is larger than a slot takes more of them */
	assert_null(why(&sample));
	sample.full.size++;
	assert_refused(&sample, "it holds more than it can");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_valid),       cmocka_unit_test(refuses_what_no_pipe_is),
		cmocka_unit_test(refuses_what_no_fifo_is),   cmocka_unit_test(refuses_a_state_out_of_place),
		cmocka_unit_test(refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
