/* SPDX-License-Identifier: MIT */
/*
 * Pipes and socket pairs at random, whose ends are spread over processes, some of which are not dumped, and
 * over messages that nobody has received (SCM_RIGHTS), in each other's queues too. A dump succeeds if, and
 * only if, none that is inside leads outside; the blockers name just those that do. Dumped and restored, or
 * refused, the processes find each byte that was sent, in its order, once, with the descriptors that came
 * with it, and are connected as they were.
 *
 *   refusal_graph CR_DUMP CR_RESTORE FOLDER SECONDS [SEED]     one graph after another, as long as that;
 * FOLDER is empty
 *
 * The next graph has the next number as its seed. Prints how many were refused and restored, or what is
 * wrong, and the seed of that graph.
 *
 * One thing no dump can see, so that it is not asked for: that an end which is inside lies, besides, in a
 * message outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "graph.h"

#define WAIT_MS 20000
/* How a graph may end. */
#define RESTORED 10
#define REFUSED 11

static const char *cr_dump, *cr_restore;
static pid_t pids[PROCESSES]; /* 0: there is none */
static bool is_refused;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("cannot make %s", name);
	close(fd);
}

/* What is in the file, for messages. */
static const char *read_text(const char *name)
{
	static char text[32768];
	FILE *file = fopen(name, "r");
	size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[size] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* False: it does not come, or something has failed. */
static bool has_come(const char *name)
{
	int64_t end_ms = now_ms() + WAIT_MS;

	while (access(name, F_OK) < 0) {
		if (access("failed", F_OK) == 0 || now_ms() > end_ms)
			return false;
		usleep(500);
	}
	return true;
}

/* True if all processes of the tree have ended, and are buried. */
static bool are_buried(void)
{
	int64_t end_ms = now_ms() + WAIT_MS;

	for (unsigned i = 0; i < TREE_MAX;) {
		pid_t ended = waitpid(-1, NULL, WNOHANG);

		if (ended > 0 && ended == pids[OUTSIDER])
			pids[OUTSIDER] = 0;
		if (pids[i] == 0 || (kill(pids[i], 0) < 0 && errno == ESRCH))
			i++;
		else if (now_ms() > end_ms)
			return false;
		else if (ended <= 0)
			usleep(500);
	}
	return true;
}

/* None of them has been buried before, so the numbers are theirs. */
static void end_all(void)
{
	for (unsigned i = 0; i < PROCESSES; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	if (!are_buried())
		fail("the processes do not end");
	if (pids[OUTSIDER] > 0)
		waitpid(pids[OUTSIDER], NULL, 0);
	memset(pids, 0, sizeof(pids));
}

static pid_t start(unsigned process)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		return pid;
	self = process;
	for (int fd = 0; process == 0 && fd <= 2; fd++) {
		int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null_fd < 0 || dup2(null_fd, fd) < 0)
			fail("/dev/null");
		close(null_fd);
	}
	if (process == 0 || process == OUTSIDER)
		setsid();
	/* Each is the child of the one before. */
	if (process + 1 < tree_count)
		start(process + 1);
	be_process();
}

static bool start_all(void)
{
	char name[32];

	pids[0] = start(0);
	pids[OUTSIDER] = start(OUTSIDER);
	for (unsigned end = 0; end < ends_count; end++)
		close(ends[end].fd);
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (i >= tree_count && i != OUTSIDER)
			continue;
		snprintf(name, sizeof(name), "done.0.%u", i);
		if (!has_come(name))
			return false;
		pids[i] = (pid_t)strtol(read_text(name), NULL, 10);
	}
	return true;
}

/* Its status; what it says is in the files "stdout" and "stderr". */
static int run(char *const argv[])
{
	static const char *const outputs[] = {"/dev/null", "stdout", "stderr"};
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		for (int i = 0; i <= 2; i++) {
			int fd = open(outputs[i], i ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY,
				      0600);

			if (fd < 0 || dup2(fd, i) < 0)
				_exit(127);
		}
		alarm(30);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("cannot run %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whether a blocker of the document has that inode. */
static bool is_named(const char *document, ino_t inode)
{
	char text[64];

	snprintf(text, sizeof(text), "\"inode\": %ju,", (uintmax_t)inode);
	return strstr(document, text);
}

static unsigned count(const char *text, const char *word)
{
	unsigned found = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		found++;
	}
	return found;
}

static void check_blockers(void)
{
	const char *document = read_text("stdout");

	/* While the descriptors are not known that messages bring, others may seem to lead outside. */
	for (unsigned end = 0; end < ends_count; end++)
		if (is_unreadable(end))
			return;
	if (count(document, "\"reason\": ") != count(document, "\"message\": "))
		fail("something else stands against it: %s", document);
	if (strstr(document, "\"comm\": \"cr-dump\""))
		fail("a blocker is of no process of the tree: %s", document);
	for (unsigned end = 0; end < ends_count; end++) {
		bool is_expected = is_blocked(end) || (type_of(end) == 0 && is_blocked(peer_of(end)));

		if (is_named(document, ends[end].inode) != is_expected)
			fail("end %u, inode %ju, is %snamed by a blocker: %s", end,
			     (uintmax_t)ends[end].inode, is_expected ? "not " : "", document);
	}
}

/* Dumped and restored, or refused and going on. */
static void checkpoint(void)
{
	char pid[16], archive[] = "app.tar.zst";
	char *dump[] = {(char *)(uintptr_t)cr_dump, "-q", "--json", "-t", pid, "-o", archive, NULL};
	char *restore[] = {(char *)(uintptr_t)cr_restore, "-q", "-d", "-i", archive, NULL};
	int status, expected = 0;

	for (unsigned end = 0; end < ends_count; end++)
		if (is_blocked(end))
			expected = 3;
	snprintf(pid, sizeof(pid), "%d", pids[0]);
	status = run(dump);
	if (status != expected)
		fail("the dump ends with %d, not %d: %s", status, expected, read_text("stderr"));
	if (expected != 0) {
		check_blockers();
		is_refused = true;
		return;
	}
	if (!are_buried())
		fail("what was dumped does not end");
	status = run(restore);
	if (status != 0)
		fail("the restore ends with %d: %s", status, read_text("stderr"));
}

static bool do_phases(void)
{
	char name[32];

	for (unsigned phase = 1; phase <= PHASES; phase++) {
		for (unsigned i = 0; i < tree_count; i++) {
			snprintf(name, sizeof(name), "go.%u.%u", phase, i);
			touch(name);
			snprintf(name, sizeof(name), "done.%u.%u", phase, i);
			if (!has_come(name))
				return false;
		}
	}
	return true;
}

/* The whole life of one graph, in a folder of its own. */
static _Noreturn void live(void)
{
	char name[32];

	snprintf(name, sizeof(name), "%ju", (uintmax_t)seed);
	if (mkdir(name, 0700) < 0 || chdir(name) < 0)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	self = PROCESSES;
	make_graph();
	if (!start_all())
		fail("the processes do not start");
	checkpoint();
	if (!do_phases())
		fail("the processes do not go on");
	end_all();
	_exit(access("failed", F_OK) == 0 ? EXIT_FAILURE : is_refused ? REFUSED : RESTORED);
}

/* What a graph has left behind that failed: all are ours by now. */
static void end_children(void)
{
	long pid;

	do {
		FILE *file = fopen("/proc/thread-self/children", "r");

		while (file && fscanf(file, "%ld", &pid) == 1)
			kill((pid_t)pid, SIGKILL);
		if (file)
			fclose(file);
	} while (waitpid(-1, NULL, 0) > 0);
}

/* RESTORED or REFUSED, or EXIT_FAILURE. */
static int try_graph(void)
{
	pid_t pid = fork();
	char name[64];
	int status = 0;

	if (pid == 0)
		live();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return EXIT_FAILURE;
	end_children();
	if (WIFEXITED(status) && (WEXITSTATUS(status) == RESTORED || WEXITSTATUS(status) == REFUSED))
		return WEXITSTATUS(status);
	snprintf(name, sizeof(name), "%ju/failed", (uintmax_t)seed);
	printf("seed %ju: %s\n", (uintmax_t)seed, read_text(name));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	unsigned restored = 0, refused = 0;
	int64_t end_ms;

	if (argc < 5 || chdir(argv[3]) < 0)
		return 2;
	cr_dump = argv[1];
	cr_restore = argv[2];
	end_ms = now_ms() + strtol(argv[4], NULL, 10) * 1000;
	seed = argc > 5 ? strtoull(argv[5], NULL, 10) : (uint64_t)time(NULL) % 1000000 * 1000;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	printf("from seed %ju on: ", (uintmax_t)seed);
	fflush(stdout);
	do {
		int result = try_graph();

		if (result == EXIT_FAILURE)
			return EXIT_FAILURE;
		restored += result == RESTORED;
		refused += result == REFUSED;
		seed++;
	} while (now_ms() < end_ms);
	printf("%u restored, %u refused\n", restored, refused);
	return argc > 5 || (restored > 0 && refused > 0) ? EXIT_SUCCESS : EXIT_FAILURE;
}
