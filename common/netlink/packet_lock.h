/* SPDX-License-Identifier: MIT */
#pragma once
#define PACKET_LOCK_PASS_MARK 0x43524c4b
