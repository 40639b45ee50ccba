/* SPDX-License-Identifier: MIT */
/* network */
/* Sockets for virtual machines, that are new, bound or listening, and their options. */
#include <linux/vm_sockets.h>

#include "sockets.h"

#define PORT 47110

static int vsock(int type)
{
	int fd = socket(AF_VSOCK, type, 0);

	if (fd < 0)
		scenario_skip("this kernel has no such sockets: %s", strerror(errno));
	return fd;
}

static void bind_to(int fd, unsigned port)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};

	scenario_call(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static unsigned port_of(int fd)
{
	struct sockaddr_vm address;
	socklen_t size = sizeof(address);

	scenario_call(getsockname(fd, (struct sockaddr *)&address, &size));
	return address.svm_port;
}

static uint64_t get_size(int fd, int number)
{
	uint64_t value = 0;
	socklen_t size = sizeof(value);

	scenario_call(getsockopt(fd, AF_VSOCK, number, &value, &size));
	return value;
}

int main(void)
{
	int fresh = vsock(SOCK_STREAM), bound = vsock(SOCK_SEQPACKET), listening = vsock(SOCK_STREAM);
	const struct timeval timeout = {.tv_sec = 3};
	uint64_t size = 100000;

	bind_to(bound, PORT);
	bind_to(listening, PORT + 1);
	scenario_call(listen(listening, 5));
	scenario_call(setsockopt(fresh, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size)));
	scenario_call(setsockopt(fresh, AF_VSOCK, 6 /* SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD */, &timeout,
				 sizeof(timeout)));

	scenario_checkpoint();
	scenario_check_equal(port_of(fresh), VMADDR_PORT_ANY);
	scenario_check_equal(port_of(bound), PORT);
	scenario_check_equal(port_of(listening), PORT + 1);
	scenario_check_equal(sockets_get(listening, SOL_SOCKET, SO_ACCEPTCONN), 1);
	scenario_check_equal(sockets_get(bound, SOL_SOCKET, SO_ACCEPTCONN), 0);
	scenario_check_equal(get_size(fresh, SO_VM_SOCKETS_BUFFER_SIZE), size);
	scenario_check_equal(sockets_poll(listening) & POLLIN, 0);
	scenario_call(listen(bound, 1));
	scenario_pass();
}
