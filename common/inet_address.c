/* SPDX-License-Identifier: MIT */
/* Addresses of internet sockets. */
#include "common/inet_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

size_t inet_address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : family == AF_INET6 ? sizeof(struct in6_addr) : 0;
}

bool inet_address_from_sockaddr(struct inet_address *ret_address, const struct sockaddr_storage *storage,
				socklen_t size)
{
	struct inet_address address = {.family = storage->ss_family};
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)storage;
	const struct sockaddr_in *in = (const struct sockaddr_in *)storage;

	if (storage->ss_family == AF_INET && size >= sizeof(*in)) {
		address.port = ntohs(in->sin_port);
		memcpy(address.bytes, &in->sin_addr, sizeof(in->sin_addr));
	} else if (storage->ss_family == AF_INET6 && size >= sizeof(*in6)) {
		address.port = ntohs(in6->sin6_port);
		address.interface = in6->sin6_scope_id;
		memcpy(address.bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
	} else {
		return false;
	}
	*ret_address = address;
	return true;
}

socklen_t inet_address_to_sockaddr(const struct inet_address *address, struct sockaddr_storage *ret_storage)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_storage;
	struct sockaddr_in *in = (struct sockaddr_in *)ret_storage;

	memset(ret_storage, 0, sizeof(*ret_storage));
	ret_storage->ss_family = address->family;
	if (address->family == AF_INET) {
		in->sin_port = htons(address->port);
		memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_port = htons(address->port);
	in6->sin6_scope_id = address->interface;
	memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

bool inet_address_is_mapped(const struct inet_address *address)
{
	static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

	return address->family == AF_INET6 && memcmp(address->bytes, prefix, sizeof(prefix)) == 0;
}

struct inet_address inet_address_unmap(const struct inet_address *address)
{
	struct inet_address plain = {.family = AF_INET, .port = address->port};

	if (!inet_address_is_mapped(address))
		return *address;
	memcpy(plain.bytes, address->bytes + 12, 4);
	return plain;
}

bool inet_address_is_any(const struct inet_address *address)
{
	static const unsigned char any[INET_ADDRESS_SIZE_MAX];
	struct inet_address plain = inet_address_unmap(address);

	return memcmp(plain.bytes, any, sizeof(any)) == 0;
}

bool inet_address_is_multicast(const struct inet_address *address)
{
	struct inet_address plain = inet_address_unmap(address);

	return plain.family == AF_INET ? plain.bytes[0] >> 4 == 0xe : plain.bytes[0] == 0xff;
}

bool inet_address_is_link_local(const struct inet_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

bool inet_address_is_equal(const struct inet_address *one, const struct inet_address *other)
{
	return one->family == other->family && one->port == other->port &&
	       memcmp(one->bytes, other->bytes, sizeof(one->bytes)) == 0;
}

const char *inet_address_format(const struct inet_address *address, char buffer[INET_ADDRESS_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "?", interface[16] = "", port[8] = "";
	bool has_brackets = address->family == AF_INET6 && address->port != 0;

	(void)!inet_ntop(address->family, address->bytes, host, sizeof(host));
	if (address->interface != 0)
		snprintf(interface, sizeof(interface), "%%%u", address->interface);
	if (address->port != 0)
		snprintf(port, sizeof(port), ":%u", address->port);
	snprintf(buffer, INET_ADDRESS_TEXT_SIZE, "%s%s%s%s%s", has_brackets ? "[" : "", host, interface,
		 has_brackets ? "]" : "", port);
	return buffer;
}
