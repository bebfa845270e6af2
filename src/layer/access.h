/* SPDX-License-Identifier: MIT */
/* access.h - changing a directory of an upper whose mode keeps its owner out */
#pragma once

#include "layer/walk.h"

struct access {
	const struct layer *layer;
	int fd; /* borrowed; -1: nothing had to be done */
	mode_t mode; /* to be given back */
};

/* Makes the directory @fd of the upper, which is at @path (@len bytes of it) below the top,
 * writable for its owner until access_end(). One at a time. A mode is part of what a program
 * changed: so it is written down first. 0 or negative errno. */
int access_begin(struct access *ac, const struct layer *l, const struct layer_tree *tree,
	int fd, const char *path, size_t len);
void access_end(struct access *ac);
/* Gives back the mode that one who was killed could not. 0 or negative errno. */
int access_recover(const struct layer *l);
