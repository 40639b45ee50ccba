/* SPDX-License-Identifier: MIT */
/* What valid semaphores and message queues of System V are: each thing that can be wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "format/ipc.h"

/* Valid ones, and what their pointers lead to. */
struct sample {
	Cr__Ipc image;
	Cr__SemaphoreSet sets[2], *set_list[2];
	Cr__MessageQueue queues[2], *queue_list[2];
	Cr__QueuedMessage message, *message_list[1];
	Cr__SemaphoreUndo undo, *undo_list[1];
	uint32_t values[2][2];
	int32_t pids[2][2], adjustments[2];
};

static void sample_init(struct sample *sample)
{
	*sample = (struct sample){.values = {{0, 32767}, {1, 2}}, .adjustments = {-32767, 5}};
	cr__ipc__init(&sample->image);
	cr__queued_message__init(&sample->message);
	cr__semaphore_undo__init(&sample->undo);
	for (int i = 0; i < 2; i++) {
		cr__semaphore_set__init(&sample->sets[i]);
		cr__message_queue__init(&sample->queues[i]);
		sample->sets[i].id = sample->queues[i].id = i * 32768 + 5;
		sample->sets[i].values = sample->values[i];
		sample->sets[i].pids = sample->pids[i];
		sample->sets[i].n_values = sample->sets[i].n_pids = 2;
		sample->set_list[i] = &sample->sets[i];
		sample->queue_list[i] = &sample->queues[i];
	}
	sample->message.type = 1;
	sample->message_list[0] = &sample->message;
	sample->queues[1].messages = sample->message_list;
	sample->queues[1].n_messages = 1;
	sample->undo = (Cr__SemaphoreUndo){.base = sample->undo.base, .pid = 7, .set_id = 32773};
	sample->undo.adjustments = sample->adjustments;
	sample->undo.n_adjustments = 2;
	sample->undo_list[0] = &sample->undo;
	sample->image.sets = sample->set_list;
	sample->image.queues = sample->queue_list;
	sample->image.undos = sample->undo_list;
	sample->image.n_sets = sample->image.n_queues = 2;
	sample->image.n_undos = 1;
}

static void test_valid(void **state __attribute__((unused)))
{
	struct sample sample;
	const char *reason = "";

	sample_init(&sample);
	if (ipc_check(&sample.image, &reason) != 0)
		fail_msg("refused: %s", reason);
	assert_ptr_equal(ipc_find_set(&sample.image, 32773), &sample.sets[1]);
	assert_null(ipc_find_set(&sample.image, 6));
	assert_null(ipc_find_set(&sample.image, -1));
}

#define BAD(what, change)                                                                                    \
	do {                                                                                                 \
		struct sample sample_;                                                                       \
		struct sample *s = &sample_;                                                                 \
		const char *reason = NULL;                                                                   \
		sample_init(s);                                                                              \
		change;                                                                                      \
		if (ipc_check(&s->image, &reason) != -EBADMSG || !reason)                                    \
			fail_msg("taken: %s", what);                                                         \
	} while (0)

static void test_bad(void **state __attribute__((unused)))
{
	BAD("a negative set", s->sets[0].id = -1);
	BAD("sets out of order", s->sets[1].id = 4);
	BAD("a set twice", s->sets[1].id = 5);
	BAD("a mode", s->sets[0].mode = 01000);
	BAD("no semaphores", s->sets[0].n_values = s->sets[0].n_pids = 0);
	BAD("more semaphores than can be", s->sets[0].n_values = s->sets[0].n_pids = 65536);
	BAD("fewer pids than values", s->sets[0].n_pids = 1);
	BAD("a value", s->values[0][1] = 32768);
	BAD("a pid", s->pids[0][1] = -1);
	BAD("a negative queue", s->queues[0].id = -1);
	BAD("queues out of order", s->queues[1].id = 5);
	BAD("the mode of a queue", s->queues[0].mode = 07777);
	BAD("a sender", s->queues[0].sender = 1 << 30);
	BAD("a receiver", s->queues[0].receiver = -5);
	BAD("a type", s->message.type = 0);
	BAD("a message", s->message.text.len = (size_t)1 << 30);
	BAD("an adjustment of no process", s->undo.pid = 0);
	BAD("an adjustment of no set", s->undo.set_id = 6);
	BAD("an adjustment too many", s->undo.n_adjustments = 1);
	BAD("an adjustment too great", s->adjustments[0] = 32768);
	BAD("an adjustment too small", s->adjustments[0] = -32768);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
