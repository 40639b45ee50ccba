/* SPDX-License-Identifier: MIT */
/* What a valid datagram socket is, and the datagrams that wait in it. */
#pragma once

#include "format/fd/inet_socket.h"
#include "format/fd/udp.pb-c.h"

/* The most that a datagram, or several that came as one (UDP_GRO), can have, in bytes. */
#define UDP_DATAGRAM_SIZE_MAX 65535U
#define UDP_CONTENTS_SIZE_MAX ((uint64_t)1 << 30)

/* In the contents each datagram is its UdpDatagram, before that the size of it, little-endian, and the bytes.
 */
#define UDP_RECORD_HEAD_SIZE 4U
#define UDP_RECORD_IMAGE_SIZE_MAX 512U

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check udp_check(const Cr__UdpSocket *socket, const char **ret_reason);

/* The same for a datagram in its contents. */
int must_check udp_datagram_check(const Cr__UdpSocket *socket, const Cr__UdpDatagram *datagram,
				  const char **ret_reason);
