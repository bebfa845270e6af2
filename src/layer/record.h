/* SPDX-License-Identifier: MIT */
/* record.h - a layer's record as text: written, and read back with nothing taken on trust */
#pragma once

#include <stddef.h>

#include "layer/store.h"

enum { RECORD_MAX = 256 * 1024 };

/* The text for all but the name and the descriptor, in the arena. */
char *record_format(struct arena *a, const struct layer *l);
/* Reads it into @ret, whose name and descriptor are left as they are. 0; -EPROTONOSUPPORT
 * where a newer sbox has written it (@ret_version: which form), or -EBADMSG. */
int record_parse(struct arena *a, const char *text, size_t size, struct layer *ret,
	unsigned *ret_version);
