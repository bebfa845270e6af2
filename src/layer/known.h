/* SPDX-License-Identifier: MIT */
/* known.h - files of the host whose time of change "sbox apply" itself has set */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"

struct known_file {
	uint64_t device, inode;
	int64_t changed_ns; /* 0: at any time, when it lost one of its names */
};

struct known {
	struct arena *arena;
	int folder, fd; /* of the layer; of the list, -1 until something is added */
	struct known_file *v; /* the first @sorted are in order */
	size_t n, sorted;
};

/* Reads the list in a layer's folder (borrowed, as the arena is); none is an empty one. 0 or
 * negative errno. */
int known_begin(struct known *k, struct arena *a, int folder);
void known_end(struct known *k);
/* Whether the last change of a file, which is newer than @since_ns, was our own: it has the
 * time that it had when it was applied, or one of its names went and its content is older. */
bool known_is_ours(const struct known *k, const struct stat *st, int64_t since_ns);
/* Before a file that has other names loses one. 0 or negative errno. */
int known_add_unnamed(struct known *k, const struct stat *st);
/* A file that was applied, as it is on the host now: for later runs. 0 or negative errno. */
int known_add_applied(struct known *k, const struct stat *st);
/* When the layer begins anew. */
void known_forget(int folder);
