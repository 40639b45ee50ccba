/* SPDX-License-Identifier: MIT */
/* network */
/* dump-options: --tcp-established */
/* restore-options: --tcp-established */
/* needs: /usr/sbin/nft */
/* no-compare */
/* not: restore-twice */
/* Connections that have not come about yet do so after the restore: a SYN that nobody answers, from sockets
 * that wait and that do not; a thread that is in connect(2) goes on. */
#include <pthread.h>
#include <sys/syscall.h>

#include "tcp_sockets.h"

static int blocking;
static pid_t tid;

static void run(const char *command)
{
	scenario_check_equal(system(command), 0);
}

static void *wait_in_connect(void *unused)
{
	__atomic_store_n(&tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	sockets_connect(blocking, "127.0.0.1", 4001);
	return unused;
}

static int begin(const char *host)
{
	int fd =
		scenario_call(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	union socket_address address = sockets_address(host, 4001);

	scenario_check_equal(connect(fd, &address.any, sockets_address_size(&address)), -1);
	scenario_check_equal(errno, EINPROGRESS);
	scenario_check_equal(tcp_state(fd), TCP_SYN_SENT);
	return fd;
}

static struct tcp_pair complete(int listener, int client)
{
	struct pollfd waiting = {.fd = client, .events = POLLOUT};
	struct tcp_pair pair = {.client = client, .server = scenario_call(accept(listener, NULL, NULL))};

	scenario_check_equal(poll(&waiting, 1, 20000), 1);
	scenario_check_equal(sockets_get(client, SOL_SOCKET, SO_ERROR), 0);
	scenario_check_equal(fcntl(client, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	return pair;
}

int main(void)
{
	int v4 = tcp_listen("127.0.0.1", 4001), v6 = tcp_listen("::1", 4001), first, second;
	unsigned port;
	pthread_t thread;

	run("nft 'add table inet filter; add chain inet filter in { type filter hook input priority 0; };"
	    " add rule inet filter in tcp dport 4001 drop'");
	first = begin("127.0.0.1");
	port = sockets_port(first);
	second = begin("::1");
	blocking = scenario_call(socket(AF_INET, SOCK_STREAM, 0));
	scenario_check_equal(pthread_create(&thread, NULL, wait_in_connect, NULL), 0);
	while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST))
		usleep(1000);
	scenario_wait_blocked(tid, SYS_connect);

	scenario_checkpoint();
	scenario_check_equal(tcp_state(first), TCP_SYN_SENT);
	run("nft delete table inet filter");
	tcp_check_alive(complete(v6, second));
	/* Two are under way, in either order. */
	scenario_call(accept(v4, NULL, NULL));
	close(scenario_call(accept(v4, NULL, NULL)));
	scenario_check_equal(pthread_join(thread, NULL), 0);
	scenario_check_equal(tcp_state(first) == TCP_ESTABLISHED || tcp_state(first) == TCP_CLOSE_WAIT, 1);
	scenario_check_equal(sockets_port(first), port);
	scenario_pass();
}
