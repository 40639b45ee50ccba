/* SPDX-License-Identifier: MIT */
/* Which unix sockets an archive may hold, each by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "format/fd/unix_socket.h"

#define bytes(text) ((ProtobufCBinaryData){sizeof(text) - 1, (uint8_t *)(text)})

struct sample {
	Cr__UnixSocket socket;
	Cr__UnixFile file;
	Cr__UnixMessage message, *messages[1];
	Cr__UnixCredentials credentials;
	Cr__UnixClient client, *clients[1];
	uint32_t ids[300];
};

/* A datagram socket with a name, a file, and a message. */
static void make(struct sample *sample)
{
	*sample = (struct sample){0};
	cr__unix_socket__init(&sample->socket);
	cr__unix_file__init(&sample->file);
	cr__unix_message__init(&sample->message);
	cr__unix_credentials__init(&sample->credentials);
	sample->socket.type = SOCK_DGRAM;
	sample->socket.name = bytes("relative");
	sample->file.path = (char *)"/absolute/relative";
	sample->file.mode = 0600;
	sample->socket.file = &sample->file;
	sample->message.size = 100;
	sample->messages[0] = &sample->message;
	sample->socket.messages = sample->messages;
	sample->socket.n_messages = 1;
	for (size_t i = 0; i < 300; i++)
		sample->ids[i] = (uint32_t)i + 1;
}

/* A connected stream socket, with bytes in its queue. */
static void make_stream(struct sample *sample)
{
	make(sample);
	sample->socket.type = SOCK_STREAM;
	sample->socket.peer = CR__UNIX_PEER__UNIX_PEER_INSIDE;
	sample->socket.peer_id = 7;
}

static void accept_it(const struct sample *sample)
{
	const char *reason = "";

	if (unix_socket_check(&sample->socket, &reason) != 0)
		fail_msg("refused: %s", reason);
}

static void refuse_it(const struct sample *sample, const char *why)
{
	const char *reason = NULL;

	assert_int_equal(unix_socket_check(&sample->socket, &reason), -EBADMSG);
	assert_non_null(reason);
	if (!strstr(reason, why))
		fail_msg("refused for another reason than '%s': %s", why, reason);
}

#define refuses(maker, change, why)                                                                          \
	do {                                                                                                 \
		struct sample s;                                                                             \
		maker(&s);                                                                                   \
		change;                                                                                      \
		refuse_it(&s, why);                                                                          \
	} while (0)

static void takes_valid_ones(void **state maybe_unused)
{
	struct sample s;

	make(&s);
	accept_it(&s);
	assert_int_equal(unix_socket_contents_size(&s.socket), 100);
	make_stream(&s);
	accept_it(&s);
	make_stream(&s);
	s.message.is_urgent = true;
	s.message.size = 1;
	accept_it(&s);
	make_stream(&s);
	s.message.is_urgent_read = true;
	s.message.size = 0;
	accept_it(&s);
	make(&s);
	s.socket.name = bytes("\0abstract");
	s.socket.file = NULL;
	s.socket.peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL;
	s.socket.peer_name = bytes("/dev/log");
	s.socket.peer_path = (char *)"/run/systemd/journal/dev-log";
	accept_it(&s);
}

static void refuses_names(void **state maybe_unused)
{
	static char long_name[UNIX_NAME_SIZE_MAX + 2];

	memset(long_name, 'x', sizeof(long_name) - 1);
	refuses(make, s.socket.type = SOCK_RAW, "type");
	refuses(make, s.socket.name = bytes("a\0b"), "name");
	refuses(make, (s.socket.name = (ProtobufCBinaryData){UNIX_NAME_SIZE_MAX + 1, (uint8_t *)long_name}),
		"name");
	refuses(make, s.socket.name = bytes("\0abstract"), "file");
	refuses(make, s.file.path = (char *)"relative", "file");
	refuses(make, s.file.mode = S_IFSOCK, "file");
	refuses(make, s.socket.is_accepted = true, "accepted");
	refuses(make_stream, s.socket.listener_id = 3, "accepted");
	refuses(make, s.socket.shutdown = 4, "state");
	refuses(make, s.socket.mode = 0100000, "state");
}

static void refuses_peers(void **state maybe_unused)
{
	refuses(make_stream, s.socket.peer_id = 0, "connected to");
	refuses(make, s.socket.peer_id = 3, "connected to");
	refuses(make, s.socket.peer = CR__UNIX_PEER__UNIX_PEER_WAITING, "waits");
	refuses(make, s.socket.peer = (Cr__UnixPeer)9, "unknown way");
	refuses(make, s.socket.peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL, "found again");
	refuses(make,
		(s.socket.peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL, s.socket.peer_name = bytes("/dev/log")),
		"path");
	refuses(make,
		(s.socket.peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL, s.socket.peer_name = bytes("\0log"),
		 s.socket.peer_path = (char *)"/dev/log"),
		"path");
	refuses(make_stream, (s.socket.peer = CR__UNIX_PEER__UNIX_PEER_EXTERNAL, s.socket.peer_id = 0),
		"found again");
	refuses(make, s.socket.is_listening = true, "listen");
	refuses(make, (s.socket.n_waiting_ids = 1, s.socket.waiting_ids = s.ids), "does not listen");
	refuses(make, (s.credentials.pid = -1, s.socket.peer_credentials = &s.credentials), "credentials");
}

/* One that listens, for which one waits that has gone, with a message. */
static void make_listening(struct sample *sample)
{
	make(sample);
	sample->socket.type = SOCK_STREAM;
	sample->socket.is_listening = true;
	sample->socket.n_messages = 0;
	sample->ids[0] = 0;
	sample->socket.waiting_ids = sample->ids;
	sample->socket.n_waiting_ids = 1;
	cr__unix_client__init(&sample->client);
	sample->client.messages = sample->messages;
	sample->client.n_messages = 1;
	sample->clients[0] = &sample->client;
	sample->socket.clients = sample->clients;
	sample->socket.n_clients = 1;
}

static void refuses_clients(void **state maybe_unused)
{
	struct sample sample;

	make_listening(&sample);
	accept_it(&sample);
	assert_int_equal(unix_socket_contents_size(&sample.socket), 100);
	refuses(make_listening, s.socket.n_waiting_ids = 2, "of each that waits");
	refuses(make_listening, s.ids[0] = 5, "twice");
	refuses(make_listening, s.client.name = bytes("a\0b"), "name");
	refuses(make_listening, (s.credentials.pid = -1, s.client.credentials = &s.credentials),
		"credentials");
	refuses(make_listening, s.message.size = 0, "no bytes");
	refuses(make_listening, (s.message.size = 0, s.message.is_urgent_read = true), "has been read");
	refuses(make_stream,
		(s.client = (Cr__UnixClient){0}, s.clients[0] = &s.client, s.socket.clients = s.clients,
		 s.socket.n_clients = 1),
		"does not listen");
}

static void refuses_messages(void **state maybe_unused)
{
	refuses(make, s.message.size = UNIX_MESSAGE_SIZE_MAX + 1, "too large");
	refuses(make_stream, s.message.size = 0, "no bytes");
	refuses(make, s.message.is_urgent = true, "urgent");
	refuses(make_stream, s.message.is_urgent = true, "urgent");
	refuses(make_stream, s.message.is_urgent_read = true, "urgent");
	refuses(make_stream, s.message.sender_id = 3, "sender");
	refuses(make, s.message.sender_name = bytes("a\0b"), "sender");
	refuses(make, (s.credentials.pid = -1, s.message.credentials = &s.credentials), "credentials");
	refuses(make, (s.message.open_file_ids = s.ids, s.message.n_open_file_ids = UNIX_MESSAGE_FDS_MAX + 1),
		"too many");
	refuses(make, (s.ids[0] = 0, s.message.open_file_ids = s.ids, s.message.n_open_file_ids = 1), "none");
	refuses(make_stream, (s.socket.peer = CR__UNIX_PEER__UNIX_PEER_NONE, s.socket.peer_id = 0), "nobody");
}

static void checks_externals(void **state maybe_unused)
{
	Cr__ExternalUnixSocket external = CR__EXTERNAL_UNIX_SOCKET__INIT;
	const char *reason = NULL;

	external.type = SOCK_DGRAM;
	external.pid = 1;
	external.fd = -1;
	external.peer_name = bytes("log");
	external.peer_path = (char *)"/dev/log";
	assert_int_equal(external_unix_socket_check(&external, &reason), 0);
	external.fd = -2;
	assert_int_equal(external_unix_socket_check(&external, &reason), -EBADMSG);
	external.fd = 3;
	external.peer_path = (char *)"dev/log";
	assert_int_equal(external_unix_socket_check(&external, &reason), -EBADMSG);
	external.peer_path = (char *)"/dev/log";
	external.type = SOCK_STREAM;
	assert_int_equal(external_unix_socket_check(&external, &reason), -EBADMSG);
}

static void writes_names(void **state maybe_unused)
{
	char text[64];

	assert_string_equal(unix_name_format("/dev/log", 8, text, sizeof(text)), "/dev/log");
	assert_string_equal(unix_name_format("\0a\0b", 4, text, sizeof(text)), "@a@b");
	assert_string_equal(unix_name_format("\033[", 2, text, sizeof(text)), "\\x1b[");
	assert_string_equal(unix_name_format("", 0, text, sizeof(text)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_valid_ones), cmocka_unit_test(refuses_names),
		cmocka_unit_test(refuses_peers),    cmocka_unit_test(refuses_clients),
		cmocka_unit_test(refuses_messages), cmocka_unit_test(checks_externals),
		cmocka_unit_test(writes_names),
	};

	return cmocka_run_group_tests_name("unix_socket", tests, NULL, NULL);
}
