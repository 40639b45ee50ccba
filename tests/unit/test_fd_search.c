/* SPDX-License-Identifier: MIT */
/* The search for who has something open, among real processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pthread.h>

#include "common/cleanup.h"
#include "common/proc/fd_search.h"

static struct fd_object object_of(int fd, enum fd_object_type type)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (struct fd_object){
		.type = type, .device = type == FD_OBJECT_FILE ? st.st_dev : 0, .inode = st.st_ino};
}

/* A process that has what we have now, and nothing more. */
static pid_t start_holder(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "fd holder");
		close(ready[0]);
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	/* The end of the file: it has also closed what is not to be found. */
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void reads_links(void **state maybe_unused)
{
	static const struct {
		const char *text;
		bool is_good;
		enum fd_object_type type;
		uint64_t inode;
	} links[] = {
		{"pipe:[1]", true, FD_OBJECT_PIPE, 1},
		{"pipe:[4294967295]", true, FD_OBJECT_PIPE, 4294967295},
		{"socket:[77]", true, FD_OBJECT_SOCKET, 77},
		{"pipe:[]", false, 0, 0},
		{"pipe:[1", false, 0, 0},
		{"pipe:[1]x", false, 0, 0},
		{"pipe:[99999999999999999999]", false, 0, 0},
		{"pipe:", false, 0, 0},
		{"pip", false, 0, 0},
		{"", false, 0, 0},
		{"/pipe:[1]", false, 0, 0},
		{"anon_inode", false, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		cleanup_free char *copy = malloc(strlen(links[i].text) + 1);
		struct fd_object object = {0};

		assert_non_null(copy);
		memcpy(copy, links[i].text, strlen(links[i].text));
		assert_int_equal(fd_link_parse(copy, strlen(links[i].text), &object), links[i].is_good);
		assert_int_equal(object.type, links[i].type);
		assert_int_equal(object.inode, links[i].inode);
	}
}

static void reads_anonymous_links(void **state maybe_unused)
{
	struct fd_object eventfd = fd_object_anonymous("[eventfd]"), object = {0};
	const char *link = "anon_inode:[eventfd]x";

	assert_true(fd_link_parse(link, strlen(link) - 1, &object));
	assert_int_equal(object.type, FD_OBJECT_ANONYMOUS);
	assert_int_equal(object.inode, eventfd.inode);
	assert_int_equal(object.device, 0);
	assert_true(fd_link_parse(link, strlen(link), &object));
	assert_int_not_equal(object.inode, eventfd.inode);
	assert_true(fd_link_parse("anon_inode:", 11, &object));
}

static void finds_all_of_a_type(void **state maybe_unused)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	struct fd_object epoll = fd_object_anonymous("[eventpoll]"), none = fd_object_anonymous("[none]");
	int first = epoll_create1(EPOLL_CLOEXEC), second = epoll_create1(EPOLL_CLOEXEC);
	const struct fd_holder *holders;
	size_t count, found = 0;
	pid_t pid = start_holder();

	assert_true(first >= 0 && second >= 0);
	assert_int_equal(fd_search_add(&search, &epoll), 1);
	assert_int_equal(fd_search_add(&search, &none), 1);
	assert_int_equal(fd_search_run(&search), 0);
	holders = fd_search_get(&search, &epoll, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_not_equal(holders[i].pid, getpid());
		found += holders[i].pid == pid && (holders[i].fd == first || holders[i].fd == second);
	}
	assert_int_equal(found, 2);
	assert_null(fd_search_get(&search, &none, &count));
	assert_int_equal(count, 0);
	end_holder(pid);
	close(first);
	close(second);
}

static void finds_each_type(void **state maybe_unused)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	char path[] = "/tmp/fd-search.XXXXXX";
	int pipes[2], sockets[2], file = mkstemp(path);
	struct fd_object objects[3];
	const struct fd_holder *holders;
	size_t count;
	pid_t pid;

	assert_true(file >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(fcntl(file, F_SETFD, FD_CLOEXEC), 0);
	objects[0] = object_of(pipes[0], FD_OBJECT_PIPE);
	objects[1] = object_of(sockets[1], FD_OBJECT_SOCKET);
	objects[2] = object_of(file, FD_OBJECT_FILE);
	pid = start_holder();
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		assert_int_equal(fd_search_add(&search, &objects[i]), 1);
		assert_int_equal(fd_search_add(&search, &objects[i]), 0);
	}
	assert_int_equal(fd_search_run(&search), 0);

	/* Both ends of a pipe are one object; our own descriptors, which are close-on-exec, do not count. */
	holders = fd_search_get(&search, &objects[0], &count);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(holders[i].pid, pid);
		assert_int_equal(holders[i].fd, pipes[i]);
		assert_int_equal(holders[i].flags & O_ACCMODE, i == 0 ? O_RDONLY : O_WRONLY);
		assert_string_equal(holders[i].comm, "fd holder");
	}
	holders = fd_search_get(&search, &objects[1], &count);
	assert_int_equal(count, 1);
	assert_int_equal(holders[0].fd, sockets[1]);
	holders = fd_search_get(&search, &objects[2], &count);
	assert_int_equal(count, 1);
	assert_int_equal(holders[0].fd, file);

	/* A second pass begins anew. */
	end_holder(pid);
	assert_int_equal(fd_search_run(&search), 0);
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		fd_search_get(&search, &objects[i], &count);
		assert_int_equal(count, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		close(pipes[i]);
		close(sockets[i]);
	}
	close(file);
}

static void counts_what_was_inherited(void **state maybe_unused)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	const struct fd_holder *holders;
	struct fd_object object;
	int pipes[2];
	size_t count;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(fcntl(pipes[1], F_SETFD, 0), 0);
	object = object_of(pipes[0], FD_OBJECT_PIPE);
	assert_int_equal(fd_search_add(&search, &object), 1);
	assert_int_equal(fd_search_run(&search), 0);
	holders = fd_search_get(&search, &object, &count);
	assert_int_equal(count, 1);
	assert_int_equal(holders[0].pid, getpid());
	assert_int_equal(holders[0].fd, pipes[1]);
	close(pipes[0]);
	close(pipes[1]);
}

static void leaves_out_the_excluded(void **state maybe_unused)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	const struct fd_holder *holders;
	struct fd_object object;
	int pipes[2];
	pid_t inside, outside;
	size_t count;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	object = object_of(pipes[0], FD_OBJECT_PIPE);
	inside = start_holder();
	close_fd(&pipes[0]);
	outside = start_holder();
	assert_int_equal(fd_search_add(&search, &object), 1);
	assert_int_equal(fd_search_exclude(&search, inside), 0);
	assert_int_equal(fd_search_run(&search), 0);
	holders = fd_search_get(&search, &object, &count);
	assert_int_equal(count, 1);
	assert_int_equal(holders[0].pid, outside);
	end_holder(inside);
	end_holder(outside);
	close(pipes[1]);
}

/* Two files of the same inode number, which only the device tells apart. */
static void tells_devices_apart(void **state maybe_unused)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	struct fd_object object, other;
	int null = open("/dev/null", O_RDONLY);
	size_t count;

	assert_true(null >= 0);
	object = object_of(null, FD_OBJECT_FILE);
	other = object;
	other.device ^= 0x12345;
	assert_int_equal(fd_search_add(&search, &object), 1);
	assert_int_equal(fd_search_add(&search, &other), 1);
	assert_int_equal(fd_search_add(&search, &object), 0);
	assert_int_equal(fd_search_run(&search), 0);
	assert_non_null(fd_search_get(&search, &object, &count));
	assert_true(count >= 1);
	fd_search_get(&search, &other, &count);
	assert_int_equal(count, 0);
	close(null);
}

/* A thread that takes a table of its own, and a pipe that nobody else has. */
struct apart {
	int ready[2], pipe[2], quit[2];
	pid_t tid;
};

static void *live_apart(void *argument)
{
	struct apart *apart = argument;
	char byte = unshare(CLONE_FILES) == 0 && pipe2(apart->pipe, 0) == 0;

	apart->tid = (pid_t)syscall(SYS_gettid);
	if (write(apart->ready[1], &byte, 1) == 1)
		(void)!read(apart->quit[0], &byte, 1);
	close(apart->pipe[0]);
	close(apart->pipe[1]);
	return NULL;
}

static void looks_at_threads(void **state maybe_unused)
{
	cleanup_(fd_search_done) struct fd_search search = {0};
	struct apart apart = {0};
	struct fd_object object;
	char path[64], byte = 0;
	struct stat st;
	pthread_t thread;
	size_t count;

	assert_int_equal(pipe2(apart.ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(apart.quit, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&thread, NULL, live_apart, &apart), 0);
	assert_int_equal(read(apart.ready[0], &byte, 1), 1);
	assert_int_equal(byte, 1);
	/* Its number here leads to something else, or nothing: only the thread's own folder tells. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/fd/%d", apart.tid, apart.pipe[0]);
	assert_int_equal(stat(path, &st), 0);
	object = (struct fd_object){.type = FD_OBJECT_PIPE, .inode = st.st_ino};
	assert_int_equal(fd_search_add(&search, &object), 1);
	assert_int_equal(fd_search_run(&search), 0);
	fd_search_get(&search, &object, &count);
	assert_int_equal(count, 2);
	assert_int_equal(write(apart.quit[1], &byte, 1), 1);
	pthread_join(thread, NULL);
	close(apart.quit[1]);
	close(apart.quit[0]);
	close(apart.ready[0]);
	close(apart.ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_links),
		cmocka_unit_test(reads_anonymous_links),
		cmocka_unit_test(finds_all_of_a_type),
		cmocka_unit_test(finds_each_type),
		cmocka_unit_test(counts_what_was_inherited),
		cmocka_unit_test(leaves_out_the_excluded),
		cmocka_unit_test(tells_devices_apart),
		cmocka_unit_test(looks_at_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
