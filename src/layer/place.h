/* SPDX-License-Identifier: MIT */
/* place.h - places in a layer that were only made to mount on */
#pragma once

#include "layer/store.h"

/* Notes that something is mounted at @path, which is not there in the base; @path: as trees have
 * it. Whether it was new; too many, or too long ones, are left out and then seen in diffs. */
bool place_note(struct arena *a, struct layer *l, const char *path);
/* Whether the entry of the upper is nothing but such a place, or a directory on the way to some:
 * empty but for them. @dir: what holds it; @path: below the tree's. */
bool place_is_all(const struct layer *l, const struct layer_tree *tree, int dir,
	const char *name, const char *path);
