/* SPDX-License-Identifier: MIT */
/* As much as goes into a connection before anybody accepts it comes through, also of clients that have gone.
 */
/* needs: root cap_sys_admin */
#include "unix_sockets.h"

#define SIZE_MAX_SENT ((size_t)4 << 20)
#define MESSAGE 100000

static unsigned char data[SIZE_MAX_SENT], received[SIZE_MAX_SENT];

/* What was sent: until no more goes in. */
static size_t fill(int client, size_t piece)
{
	size_t sent = 0;

	while (sent + piece <= SIZE_MAX_SENT) {
		ssize_t size = send(client, data + sent, piece, MSG_DONTWAIT);

		if (size < 0)
			break;
		sent += (size_t)size;
	}
	scenario_check(sent >= piece);
	return sent;
}

static void check(int server, size_t expected, size_t piece)
{
	size_t done = 0;

	while (done < expected) {
		ssize_t size = recv(server, received + done, expected - done, MSG_DONTWAIT);

		scenario_check(size > 0);
		if (piece > 0)
			scenario_check_equal(size, piece);
		done += (size_t)size;
	}
	scenario_check(memcmp(data, received, expected) == 0);
}

int main(void)
{
	int streams = unix_listen(SOCK_STREAM, "streams", 5), packets = unix_listen(SOCK_SEQPACKET, "@p", 5);
	int stream = unix_client(SOCK_STREAM, "streams"), packet = unix_client(SOCK_SEQPACKET, "@p"), gone;
	size_t sizes[4];

	for (size_t i = 0; i < SIZE_MAX_SENT; i++)
		data[i] = (unsigned char)(i * 31 + i / 251);
	sizes[0] = fill(stream, 200000);
	sizes[1] = fill(packet, MESSAGE);
	gone = unix_client(SOCK_STREAM, "streams");
	sizes[2] = fill(gone, 50000);
	scenario_call(close(gone));
	gone = unix_client(SOCK_SEQPACKET, "@p");
	sizes[3] = fill(gone, MESSAGE);
	scenario_call(close(gone));

	scenario_checkpoint();
	gone = unix_accept(streams);
	check(gone, sizes[0], 0);
	unix_check_connected(stream, gone);
	gone = unix_accept(packets);
	check(gone, sizes[1], MESSAGE);
	unix_check_connected(packet, gone);
	gone = unix_accept(streams);
	check(gone, sizes[2], 0);
	unix_hear_end(gone);
	gone = unix_accept(packets);
	check(gone, sizes[3], MESSAGE);
	unix_hear_end(gone);
	scenario_pass();
}
