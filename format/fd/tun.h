/* SPDX-License-Identifier: MIT */
/* What a valid descriptor of a TUN or TAP device is. */
#pragma once

#include "common/compiler.h"
#include "format/fd/tun.pb-c.h"

/* TUNGETIFF only: TUNSETPERSIST, <linux/if_tun.h>. */
#define TUN_FLAG_PERSIST 0x0800U
/* netdevice(7): those that are set, and kept. */
#define TUN_DEVICE_FLAGS 0x1385U

/* 0, or -EBADMSG and why in *ret_reason (static text). */
int must_check tun_check(const Cr__TunFile *file, const char **ret_reason);
