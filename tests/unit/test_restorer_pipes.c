/* SPDX-License-Identifier: MIT */
/* What cr-restore makes of the pipes of an archive, as far as it only plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "format/fd/open_file.h"
#include "format/fd/pipe.h"
#include "format/message.h"
#include "restorer/fd/fd_restorer.h"
#include "restorer/fd/objects.h"

#define FILES 3

/* Open files 1, 2, 3 of one pipe, the first of which has its state. */
struct sample {
	Cr__OpenFile files[FILES];
	Cr__Pipe pipes[FILES];
	Cr__PipeState state;
	Cr__PipeBuffers buffers, *buffer_list[1];
};

static void make(struct sample *sample)
{
	static const uint32_t flags[FILES] = {O_RDONLY, O_WRONLY, O_RDWR | OPEN_FILE_LARGE};

	*sample = (struct sample){0};
	cr__pipe_state__init(&sample->state);
	cr__pipe_buffers__init(&sample->buffers);
	sample->state.capacity = 65536;
	sample->state.mode = 0600;
	sample->state.uid = geteuid();
	sample->state.gid = getegid();
	sample->buffer_list[0] = &sample->buffers;
	sample->buffers.size = 100;
	sample->buffers.count = 2;
	sample->state.buffers = sample->buffer_list;
	sample->state.n_buffers = 1;
	for (uint32_t i = 0; i < FILES; i++) {
		cr__open_file__init(&sample->files[i]);
		cr__pipe__init(&sample->pipes[i]);
		sample->files[i].id = i + 1;
		sample->files[i].flags = flags[i];
		sample->pipes[i].first_id = 1;
	}
	sample->pipes[0].state = &sample->state;
}

/* As it is read from an archive: another one, owned by who takes it. */
static Cr__OpenFileList *pack(struct sample *sample)
{
	Cr__OpenFileList list = CR__OPEN_FILE_LIST__INIT;
	Cr__OpenFile *files[FILES];
	void *entries[FILES], *data;
	ProtobufCMessage *message;
	size_t size;

	list.files = files;
	list.n_files = FILES;
	for (size_t i = 0; i < FILES; i++) {
		files[i] = &sample->files[i];
		assert_int_equal(message_pack(&sample->pipes[i].base, &entries[i], &files[i]->entry.len), 0);
		files[i]->entry.data = entries[i];
	}
	assert_int_equal(message_pack(&list.base, &data, &size), 0);
	assert_int_equal(message_unpack(&cr__open_file_list__descriptor, data, size, 65536, &message), 0);
	for (size_t i = 0; i < FILES; i++)
		free(entries[i]);
	free(data);
	return (Cr__OpenFileList *)message;
}

static int plan(struct restore *restore, struct sample *sample)
{
	int r = objects_read(restore, "pipe", pack(sample));

	return r < 0 ? r : objects_plan(restore);
}

static void done(struct restore *restore)
{
	objects_done(restore);
	blockers_done(&restore->blockers);
}

static void plans_what_is_whole(void **state maybe_unused)
{
	cleanup_(done) struct restore restore = {0};
	struct sample sample;

	make(&sample);
	assert_int_equal(plan(&restore, &sample), 0);
	assert_int_equal(restore.blockers.texts_count, 0);
	assert_int_equal(restore.objects_count, FILES);
	assert_int_equal(restore.objects[0].contents_size, 200);
	assert_int_equal(restore.objects[1].contents_size, 0);
	assert_ptr_equal(objects_find_by_contents(&restore, "fd/pipe/1"), &restore.objects[0]);
	assert_null(objects_find_by_contents(&restore, "fd/pipe/2"));
	assert_int_equal(objects_check_contents(&restore), -EBADMSG);
	restore.objects[0].has_contents = true;
	assert_int_equal(objects_check_contents(&restore), 0);
}

static void refuses_a_pipe_that_is_not_there(void **state maybe_unused)
{
	struct sample sample;

	for (uint32_t id = 2; id < 5; id += 2) { /* of itself without a state, and of nothing */
		cleanup_(done) struct restore restore = {0};

		make(&sample);
		sample.pipes[2].first_id = id;
		assert_int_equal(plan(&restore, &sample), -EBADMSG);
	}
}

static void refuses_a_second_original(void **state maybe_unused)
{
	cleanup_(done) struct restore restore = {0};
	struct sample sample;

	make(&sample);
	sample.files[2].flags = O_WRONLY;
	assert_int_equal(plan(&restore, &sample), -EBADMSG);
}

static void refuses_what_is_no_pipe(void **state maybe_unused)
{
	cleanup_(done) struct restore restore = {0};
	struct sample sample;

	make(&sample);
	sample.state.capacity = 12345;
	assert_int_equal(plan(&restore, &sample), -EBADMSG);
}

static void asks_for_rights(void **state maybe_unused)
{
	cleanup_(done) struct restore restore = {0}, able = {0};
	struct sample sample;

	make(&sample);
	sample.state.capacity = PIPE_CAPACITY_MAX;
	sample.state.uid = geteuid() + 1;
	assert_int_equal(plan(&restore, &sample), 0);
	assert_int_equal(restore.blockers.texts_count, 2);
	assert_non_null(strstr(restore.blockers.texts[0], "CAP_SYS_RESOURCE"));
	assert_non_null(strstr(restore.blockers.texts[0], "2147483648"));
	assert_non_null(strstr(restore.blockers.texts[1], "CAP_CHOWN"));
	able.features.cap_effective = UINT64_MAX;
	assert_int_equal(plan(&able, &sample), 0);
	assert_int_equal(able.blockers.texts_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_what_is_whole),
		cmocka_unit_test(refuses_a_pipe_that_is_not_there),
		cmocka_unit_test(refuses_a_second_original),
		cmocka_unit_test(refuses_what_is_no_pipe),
		cmocka_unit_test(asks_for_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
