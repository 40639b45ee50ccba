/* SPDX-License-Identifier: MIT */
/* What cr-restore makes of the unix sockets of an archive, as far as it only plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "format/message.h"
#include "restorer/fd/objects.h"
#include "restorer/fd/unix_socket.h"

#define COUNT 4
#define INSIDE CR__UNIX_PEER__UNIX_PEER_INSIDE
#define bytes(text) ((ProtobufCBinaryData){sizeof(text) - 1, (uint8_t *)(text)})

/*
 * Open files 1 and 2: a server that listens, and has accepted 2; 3: its client; 4: waits for it.
 */
struct sample {
	Cr__OpenFile files[COUNT];
	Cr__UnixSocket sockets[COUNT];
	uint32_t waiting[2];
	Cr__UnixMessage message, *messages[1];
	Cr__Manifest manifest;
};

static void make(struct sample *sample)
{
	*sample = (struct sample){0};
	cr__manifest__init(&sample->manifest);
	cr__unix_message__init(&sample->message);
	sample->messages[0] = &sample->message;
	for (uint32_t i = 0; i < COUNT; i++) {
		cr__open_file__init(&sample->files[i]);
		cr__unix_socket__init(&sample->sockets[i]);
		sample->files[i].id = i + 1;
		sample->files[i].flags = O_RDWR;
		sample->sockets[i].type = SOCK_STREAM;
	}
	sample->sockets[0].name = sample->sockets[1].name = bytes("server");
	sample->sockets[0].is_listening = true;
	sample->waiting[0] = 4;
	sample->sockets[0].waiting_ids = sample->waiting;
	sample->sockets[0].n_waiting_ids = 1;
	sample->sockets[1].is_accepted = true;
	sample->sockets[1].listener_id = 1;
	sample->sockets[1].peer = sample->sockets[2].peer = INSIDE;
	sample->sockets[1].peer_id = 3;
	sample->sockets[2].peer_id = 2;
	sample->sockets[3].peer = CR__UNIX_PEER__UNIX_PEER_WAITING;
}

/* As it is read from an archive: another one, owned by who takes it. */
static Cr__OpenFileList *pack(struct sample *sample)
{
	Cr__OpenFileList list = CR__OPEN_FILE_LIST__INIT;
	Cr__OpenFile *files[COUNT];
	void *entries[COUNT], *data;
	ProtobufCMessage *message;
	size_t size;

	list.files = files;
	list.n_files = COUNT;
	for (size_t i = 0; i < COUNT; i++) {
		files[i] = &sample->files[i];
		assert_int_equal(message_pack(&sample->sockets[i].base, &entries[i], &files[i]->entry.len),
				 0);
		files[i]->entry.data = entries[i];
	}
	assert_int_equal(message_pack(&list.base, &data, &size), 0);
	assert_int_equal(message_unpack(&cr__open_file_list__descriptor, data, size, 65536, &message), 0);
	for (size_t i = 0; i < COUNT; i++)
		free(entries[i]);
	free(data);
	return (Cr__OpenFileList *)message;
}

static int plan(struct restore *restore, struct sample *sample)
{
	int r = objects_read(restore, "unix_socket", pack(sample));

	restore->manifest = &sample->manifest;
	return r < 0 ? r : objects_plan(restore);
}

static void done(struct restore *restore)
{
	objects_done(restore);
	blockers_done(&restore->blockers);
}

static const struct unix_object *get(struct restore *restore, uint32_t id)
{
	const struct unix_object *found = unix_object_find(restore, id);

	assert_non_null(found);
	assert_int_equal(found->object->image->id, id);
	return found;
}

static void plans_connections(void **state maybe_unused)
{
	cleanup_(done) struct restore restore = {0};
	struct sample sample;

	make(&sample);
	assert_int_equal(plan(&restore, &sample), 0);
	assert_int_equal(restore.blockers.texts_count, 0);
	assert_int_equal(get(&restore, 1)->origin, UNIX_ORIGIN_SOCKET);
	assert_int_equal(get(&restore, 2)->origin, UNIX_ORIGIN_ACCEPTED);
	assert_int_equal(get(&restore, 3)->origin, UNIX_ORIGIN_CLIENT);
	assert_int_equal(get(&restore, 4)->origin, UNIX_ORIGIN_SOCKET);
	assert_ptr_equal(get(&restore, 2)->partner, get(&restore, 3));
	assert_ptr_equal(get(&restore, 3)->partner, get(&restore, 2));
	assert_ptr_equal(get(&restore, 3)->listener, get(&restore, 1));
}

/* Of datagram sockets those with credentials were made as pairs. */
static void plans_pairs(void **state maybe_unused)
{
	cleanup_(done) struct restore restore = {0};
	Cr__UnixCredentials credentials = CR__UNIX_CREDENTIALS__INIT;
	struct sample sample;

	make(&sample);
	for (size_t i = 0; i < COUNT; i++) {
		cr__unix_socket__init(&sample.sockets[i]);
		sample.sockets[i].type = SOCK_DGRAM;
		sample.sockets[i].peer_credentials = &credentials;
	}
	/* 1 and 2 are connected; 3 was made with 4, which has no name, but 4 has turned to 1. */
	sample.sockets[0].name = bytes("server");
	sample.sockets[0].peer = sample.sockets[1].peer = sample.sockets[2].peer = sample.sockets[3].peer =
		INSIDE;
	sample.sockets[0].peer_id = 2;
	sample.sockets[1].peer_id = 1;
	sample.sockets[2].peer_id = 4;
	sample.sockets[3].peer_id = 1;
	assert_int_equal(plan(&restore, &sample), 0);
	assert_ptr_equal(get(&restore, 1)->partner, get(&restore, 2));
	assert_ptr_equal(get(&restore, 3)->partner, get(&restore, 4));
	assert_ptr_equal(get(&restore, 4)->partner, get(&restore, 3));
}

#define refuses(change)                                                                                      \
	do {                                                                                                 \
		cleanup_(done) struct restore restore = {0};                                                 \
		struct sample s;                                                                             \
		make(&s);                                                                                    \
		change;                                                                                      \
		assert_int_equal(plan(&restore, &s), -EBADMSG);                                              \
	} while (0)

static void refuses_what_is_not_whole(void **state maybe_unused)
{
	refuses(s.sockets[2].peer_id = 9);
	refuses(s.sockets[2].peer_id = 3);
	refuses(s.sockets[2].peer_id = 1);
	refuses(s.sockets[2].type = SOCK_SEQPACKET);
	refuses((s.sockets[2].is_accepted = true, s.sockets[2].name = bytes("x")));
	refuses(s.sockets[1].listener_id = 3);
	refuses(s.waiting[0] = 3);
	refuses(s.waiting[0] = 9);
	refuses((s.waiting[1] = 4, s.sockets[0].n_waiting_ids = 2));
	refuses(s.sockets[0].n_waiting_ids = 0);
	refuses((s.message.size = 1, s.message.n_open_file_ids = 1, s.message.open_file_ids = &(uint32_t){9},
		 s.sockets[2].messages = s.messages, s.sockets[2].n_messages = 1));
	/* What leads to the outside must stand in the manifest, which a person has seen. */
	refuses((s.waiting[0] = 0, s.sockets[3].type = SOCK_DGRAM,
		 s.sockets[3].peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL,
		 s.sockets[3].peer_name = bytes("\0log")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_connections),
		cmocka_unit_test(plans_pairs),
		cmocka_unit_test(refuses_what_is_not_whole),
	};

	return cmocka_run_group_tests_name("restorer_unix_sockets", tests, NULL, NULL);
}
