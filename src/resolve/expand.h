/* SPDX-License-Identifier: MIT */
/* expand.h - paths as profiles write them, made into paths of the host */
#pragma once

#include "config/diag.h"
#include "resolve/host.h"

/* The normalized absolute path, or NULL: a mistake (told to @d), or, where @optional, a
 * variable that stands for nothing here. */
const char *expand_path(struct arena *a, struct host *h, struct diags *d,
	const char *text, bool optional, const struct origin *at);
