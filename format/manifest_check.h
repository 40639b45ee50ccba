/* SPDX-License-Identifier: MIT */
/* What a manifest must say before anything in the archive is believed. */
#pragma once

#include "common/compiler.h"
#include "format/manifest.pb-c.h"

/*
 * -EBADMSG, logged, unless this program knows the manifest's version and all features it requires, its
 * processes can exist and have their parents before them, and its files have absolute paths; -ENOMEM.
 */
int must_check manifest_check(const Cr__Manifest *manifest);
