/* SPDX-License-Identifier: MIT */
/* Sends packets in the name of others. */
#include "restorer/fd/foreign_sender.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static int set_int(int fd, int level, int number, int value)
{
	return setsockopt(fd, level, number, &value, sizeof(value)) < 0 ? -errno : 0;
}

int foreign_sender_open(const struct inet_address *from, int protocol, size_t checksum_offset,
			struct foreign_sender *ret_sender)
{
	cleanup_close int fd = socket(from->family, SOCK_RAW | SOCK_CLOEXEC, protocol);
	struct inet_address address = *from;
	bool is_ipv6 = from->family == AF_INET6;
	struct sockaddr_storage storage;
	socklen_t size;
	int r;

	if (fd < 0)
		return -errno;
	address.port = 0; /* of raw sockets it would be the protocol */
	size = inet_address_to_sockaddr(&address, &storage);
	r = is_ipv6 ? set_int(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
		    : set_int(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
	if (r == 0 && is_ipv6)
		r = set_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM, (int)checksum_offset);
	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&storage, size) < 0)
		return -errno;
	*ret_sender = (struct foreign_sender){take_fd(&fd), address, protocol, checksum_offset};
	return 0;
}

void foreign_sender_done(struct foreign_sender *sender)
{
	close_fd(&sender->fd);
}

static uint32_t add_words(uint32_t sum, const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
	return sum;
}

/* RFC 768 and RFC 9293 over IPv4; RFC 3828 takes the same if the checksum covers all. */
static void fill_checksum(const struct foreign_sender *sender, const struct inet_address *to,
			  unsigned char *packet, size_t size)
{
	uint32_t sum = add_words((uint32_t)sender->protocol + (uint32_t)size, sender->from.bytes, 4);

	memset(packet + sender->checksum_offset, 0, 2);
	sum = add_words(sum, to->bytes, 4);
	sum = add_words(sum, packet, size);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = sum == 0xffff ? 0xffff : ~sum & 0xffff;
	packet[sender->checksum_offset] = (unsigned char)(sum >> 8);
	packet[sender->checksum_offset + 1] = (unsigned char)sum;
}

int foreign_sender_send(const struct foreign_sender *sender, const struct inet_address *to,
			unsigned char *packet, size_t size)
{
	struct inet_address address = *to;
	struct sockaddr_storage storage;
	socklen_t storage_size;
	ssize_t sent;

	if (sender->from.family == AF_INET)
		fill_checksum(sender, to, packet, size);
	address.port = 0;
	storage_size = inet_address_to_sockaddr(&address, &storage);
	sent = sendto(sender->fd, packet, size, 0, (struct sockaddr *)&storage, storage_size);
	return sent < 0 ? -errno : (size_t)sent == size ? 0 : -EIO;
}
