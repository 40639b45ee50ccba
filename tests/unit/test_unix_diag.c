/* SPDX-License-Identifier: MIT */
/* What the kernel tells of unix sockets, asked about some of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/netlink/unix_diag.h"

static uint32_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (uint32_t)st.st_ino;
}

static int new_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

/* The abstract name of this test, by number. */
static socklen_t make_name(struct sockaddr_un *address, int number)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	return (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 +
	       (socklen_t)snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "cr-test-%d-%d",
				   getpid(), number);
}

static void read_all(struct unix_diag *diag)
{
	assert_int_equal(unix_diag_read(diag), 0);
}

static const struct unix_diag_socket *find(const struct unix_diag *diag, int fd)
{
	const struct unix_diag_socket *found = unix_diag_find(diag, inode_of(fd));

	assert_non_null(found);
	assert_int_equal(found->inode, inode_of(fd));
	return found;
}

static void knows_pairs(void **state maybe_unused)
{
	cleanup_(unix_diag_done) struct unix_diag diag = UNIX_DIAG_EMPTY;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[0], "12345", 5), 5);
	assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
	read_all(&diag);
	assert_int_equal(find(&diag, fds[0])->type, SOCK_STREAM);
	assert_int_equal(find(&diag, fds[0])->state, TCP_ESTABLISHED);
	assert_int_equal(find(&diag, fds[0])->peer_inode, inode_of(fds[1]));
	assert_int_equal(find(&diag, fds[1])->peer_inode, inode_of(fds[0]));
	assert_int_equal(find(&diag, fds[0])->shutdown, 2);
	assert_int_equal(find(&diag, fds[1])->shutdown, 1);
	assert_int_equal(find(&diag, fds[1])->receive_queue, 5);
	assert_true(find(&diag, fds[0])->send_queue > 5);
	assert_null(find(&diag, fds[0])->name);
	assert_int_equal(find(&diag, fds[0])->uid, getuid());
	unix_diag_done(&diag);
	close(fds[1]);
	read_all(&diag);
	assert_true(find(&diag, fds[0])->has_peer);
	assert_int_equal(find(&diag, fds[0])->peer_inode, 0);
	assert_int_equal(find(&diag, fds[0])->shutdown, 3);
	close(fds[0]);
}

static void knows_who_waits(void **state maybe_unused)
{
	cleanup_(unix_diag_done) struct unix_diag diag = UNIX_DIAG_EMPTY;
	int listener = new_socket(SOCK_SEQPACKET), first = new_socket(SOCK_SEQPACKET),
	    second = new_socket(SOCK_SEQPACKET);
	const struct unix_diag_socket *found;
	struct sockaddr_un address;
	socklen_t size = make_name(&address, 1);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 7), 0);
	assert_int_equal(connect(second, (struct sockaddr *)&address, size), 0);
	assert_int_equal(connect(first, (struct sockaddr *)&address, size), 0);
	read_all(&diag);
	found = find(&diag, listener);
	assert_int_equal(found->state, TCP_LISTEN);
	assert_int_equal(found->send_queue, 7);
	assert_int_equal(found->waiting_count, 2);
	assert_int_equal(found->waiting[0], inode_of(second));
	assert_int_equal(found->waiting[1], inode_of(first));
	assert_int_equal(found->name_size, size - offsetof(struct sockaddr_un, sun_path));
	assert_memory_equal(found->name, address.sun_path, found->name_size);
	assert_false(found->has_file);
	assert_true(find(&diag, first)->has_peer);
	assert_int_equal(find(&diag, first)->peer_inode, 0);
	close(first);
	close(second);
	close(listener);
}

static void knows_paths(void **state maybe_unused)
{
	cleanup_(unix_diag_done) struct unix_diag diag = UNIX_DIAG_EMPTY;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct unix_diag_socket *found;
	int fd = new_socket(SOCK_DGRAM);
	struct stat st;

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/cr-test-unix-diag.%d", getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(stat(address.sun_path, &st), 0);
	unlink(address.sun_path);
	read_all(&diag);
	found = find(&diag, fd);
	assert_int_equal(found->state, TCP_CLOSE);
	assert_false(found->has_peer);
	assert_int_equal(found->name_size, strlen(address.sun_path));
	assert_memory_equal(found->name, address.sun_path, found->name_size);
	assert_true(found->has_file);
	assert_int_equal(found->file_inode, (uint32_t)st.st_ino);
	close(fd);
}

/* More than fits into one part of the answer. */
static void knows_many(void **state maybe_unused)
{
	cleanup_(unix_diag_done) struct unix_diag diag = UNIX_DIAG_EMPTY;
	int fds[900];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = new_socket(SOCK_STREAM);
	read_all(&diag);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_int_equal(find(&diag, fds[i])->state, TCP_CLOSE);
		close(fds[i]);
	}
	assert_null(unix_diag_find(&diag, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_pairs),
		cmocka_unit_test(knows_who_waits),
		cmocka_unit_test(knows_paths),
		cmocka_unit_test(knows_many),
	};

	return cmocka_run_group_tests_name("unix_diag", tests, NULL, NULL);
}
