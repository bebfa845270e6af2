/* SPDX-License-Identifier: MIT */
/* walk.h - what is in a tree's upper, held against its base: one entry after the other */
#pragma once

#include <sys/stat.h>

#include "layer/store.h"

enum change { CHANGE_NONE, CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED, CHANGE_COUNT };

extern const char *const change_words[]; /* NULL ends */

struct walk_entry {
	const char *path; /* below the tree's, without a slash at its start */
	const char *name; /* its last component */
	enum change kind;
	bool leave; /* a directory once more, behind all that is in it */
	bool whiteout; /* something in the upper says that it is gone */
	bool opaque; /* a directory of the upper that hides what the base has in it */
	int code; /* 0; else it could not be looked at or into: negative errno */
	struct stat upper, base; /* st_mode 0: it is not on that side */
	enum layer_engine engine; /* of the tree */
	int upper_dir, base_dir; /* what holds it on either side, -1: nothing; borrowed */
};

enum {
	WALK_ALL = 1
		<< 0, /* CHANGE_NONE as well: what was only copied up, empty whiteouts */
	WALK_LEAVE = 1 << 1, /* directories of the upper once more when they are left */
	WALK_NAMES = 1 << 2, /* nothing is compared: what is on both sides is changed */
};

struct walk_frame;

/* Owned by the caller, who does not look inside. */
struct walk {
	const struct layer *layer;
	const struct layer_tree *tree;
	unsigned flags;
	int upper_top, base_top; /* -1: no base */
	int upper, base; /* of the last frame; -1: to be opened again */
	int blocked; /* negative errno: the base's directory cannot be had */
	struct walk_frame *frames;
	size_t n_frames, room;
	char *path;
	size_t path_room;
	struct walk_entry entry;
	bool enter; /* the entry told last is a directory to go into */
};

/* The base's side of a tree: a descriptor (O_PATH); no link is followed. @root: what the base's
 * root is, borrowed; -1: the host's, or the directory that the record names (an image's is for
 * the caller to open). -ENOENT: there is none; another negative errno with @e set. */
int walk_open_base(
	const struct layer *l, const struct layer_tree *tree, int root, struct err *e);
/* @base: from walk_open_base(), negative: nothing is there; borrowed until walk_end(). */
int walk_begin(struct walk *w, const struct layer *l, const struct layer_tree *tree,
	int base, unsigned flags, struct err *e);
/* The next entry, in the order of the names' bytes, directories before what is in them. 1,
 * or 0 at the end, or negative errno with @e set. It is good until the next call. */
int walk_next(struct walk *w, const struct walk_entry **ret, struct err *e);
/* Does not go into the directory that was told last. */
void walk_skip(struct walk *w);
void walk_end(struct walk *w);

/* Whether both sides are of one type, mode, content and attributes; @mode_mask: which bits count. */
bool walk_same(const struct walk_entry *entry, mode_t mode_mask);
/* Whether the entry told last lies in an opaque directory: what leaves one would be gone for
 * programs, whatever the base has. */
bool walk_in_opaque(const struct walk *w);

/* Changes of the upper, for who has the layer locked; the modes of directories are no hindrance
 * to their owner (access.h). */

/* Takes the mark of an opaque directory away without changing what is seen: what the base
 * has in it gets whiteouts, and marks of their own directories that are on both sides.
 * @entry: the directory. 0 or negative errno. */
int walk_unfold(struct walk *w, const struct walk_entry *entry);
/* Takes @entry out of the upper, with all that is in it: a whiteout, a file, a directory. What
 * the base has there is seen again. 0 or negative errno. */
int walk_drop(const struct walk *w, const struct walk_entry *entry);
/* Removes the left directory @entry from the upper where nothing is in it and nothing
 * would change by that; whether it did. */
bool walk_drop_dir(const struct walk *w, const struct walk_entry *entry);
