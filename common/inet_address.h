/* SPDX-License-Identifier: MIT */
/* Addresses of internet sockets, ip(7) and ipv6(7). */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "common/compiler.h"

#define INET_ADDRESS_SIZE_MAX 16

struct inet_address {
	uint16_t family; /* AF_INET, AF_INET6 */
	uint16_t port;
	uint32_t interface; /* index of the one that a link-local address is on; 0: any */
	unsigned char bytes[INET_ADDRESS_SIZE_MAX]; /* as in a packet; IPv4: the first 4, the rest 0 */
};

/* Bytes of an address of a family; 0: it is not of the internet. */
size_t inet_address_size(int family);

/* False: it is of another family, or cut off. */
bool inet_address_from_sockaddr(struct inet_address *ret_address, const struct sockaddr_storage *storage,
				socklen_t size);
/* Returns the size for bind(2) and the like. */
socklen_t inet_address_to_sockaddr(const struct inet_address *address, struct sockaddr_storage *ret_storage);

bool inet_address_is_any(const struct inet_address *address);
bool inet_address_is_multicast(const struct inet_address *address);
bool inet_address_is_link_local(const struct inet_address *address);
/* ::ffff:1.2.3.4, an IPv4 address on an IPv6 socket. */
bool inet_address_is_mapped(const struct inet_address *address);
/* The IPv4 address of a mapped one; others as they are. */
struct inet_address inet_address_unmap(const struct inet_address *address);
/* Bytes, family and port; not the interface. */
bool inet_address_is_equal(const struct inet_address *one, const struct inet_address *other);

/* "127.0.0.1:80", "[fe80::1%2]:80"; without a port where it is 0. Returns BUFFER. */
#define INET_ADDRESS_TEXT_SIZE 80
const char *inet_address_format(const struct inet_address *address, char buffer[INET_ADDRESS_TEXT_SIZE]);
