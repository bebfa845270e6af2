/* SPDX-License-Identifier: MIT */
/* attrs.h - what a file has besides content and mode: attributes of users, access lists */
#pragma once

#include <stdbool.h>

#include "layer/store.h"

/* What could not be brought along. */
enum attrs_lost {
	LOST_XATTRS = 1 << 0, /* where they go the file system has none */
	LOST_ACL = 1 << 1, /* nor this; what it kept from the group is kept from it */
	LOST_CAPABILITIES = 1 << 2, /* of a program: never brought */
};

/* Whether what is in the upper has the same as what is in the base. Of whatever kind, opened
 * O_PATH or otherwise; false also where a file's cannot be read. */
bool attrs_same(enum layer_engine engine, int upper, int base);
/* Gives @to what @upper has, and takes away what that has not. An access list that
 * fuse-overlayfs has lost on the way is taken from @host, the base's; -1: there is none. Sets
 * bits of @lost, and takes from @mode what is the group's by a lost list alone. 0 or negative
 * errno. */
int attrs_copy(enum layer_engine engine, int upper, int to, int host, unsigned *lost,
	unsigned *mode);
