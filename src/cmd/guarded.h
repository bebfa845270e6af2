/* SPDX-License-Identifier: MIT */
/* guarded.h - paths that are brought home from a layer only when they are named */
#pragma once

#include "base/arena.h"
#include "config/plan.h"
#include "resolve/host.h"

struct guarded {
	struct {
		const char **v;
		size_t n;
	} paths, /* these, and all below */
		names; /* the same below any directory: ".git" */
};

/* What the lists "secret" and "protect" of a plan keep from programs; sbox's own folders. */
void guarded_init(
	struct guarded *g, struct arena *a, struct host *h, const struct plan *p);
/* The rule's path that keeps @path, or, where @whole says that all of @path gives way to
 * something else, that is below it. NULL: none. */
const char *guarded_by(
	struct arena *a, const struct guarded *g, const char *path, bool whole);
