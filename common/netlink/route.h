/* SPDX-License-Identifier: MIT */
/* Questions about addresses, rtnetlink(7), in the network namespace that the calling thread is in. */
#pragma once

#include "common/inet_address.h"

/*
 * 1: the address is one of this host's own, as packets to it are routed; 0: it is not; -EPROTONOSUPPORT: this
 * kernel knows no such addresses; others. Silent.
 */
int must_check route_is_local(const struct inet_address *address);
