/* SPDX-License-Identifier: MIT */
/* told.h - what a user has been told already in this session, not to be told at each start */
#pragma once

#include <stdbool.h>

#include "resolve/host.h"

/* Whether @text was the last that was told about @about, a plain name; else it is noted so.
 * Where nothing can be noted, false: better once too often than never. */
bool told_before(
	struct arena *a, const struct host *h, const char *about, const char *text);
