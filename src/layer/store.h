/* SPDX-License-Identifier: MIT */
/* store.h - the layers that are kept on disk: their records, locks and trees
 *
 * A layer is a folder of its name. In it are "record", a text that only sbox writes, and
 * for each tree that is overlaid trees/N/upper and trees/N/work. No sandbox sees the
 * folder; what lies in an upper was written by untrusted programs all the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Each writes whiteouts of its own kind: an upper is only ever mounted by the one that wrote
 * it. */
enum layer_engine { ENGINE_KERNEL, ENGINE_FUSE, ENGINE_COUNT };

/* What a layer lies over. */
enum layer_base { BASE_HOST, BASE_DIRECTORY, BASE_IMAGE, BASE_COUNT };

struct layer_tree {
	const char *path; /* as the sandbox sees it; with BASE_HOST the host's too */
	enum layer_engine engine;
	unsigned number; /* its folder is trees/NUMBER */
};

struct layer_trees {
	struct layer_tree *v;
	size_t n;
};

/* Where runs had to make something to mount on; paths as trees have them. */
struct layer_places {
	const char **v;
	size_t n;
};

struct layer {
	const char *name;
	int fd; /* its folder; locked for as long as it is open, where it was asked for */
	enum layer_base base;
	const char
		*base_name; /* the directory's path or the image's digest; NULL: host */
	int64_t since_ns; /* CLOCK_REALTIME: no change in it is older, nor was any file of
			     the base looked at before */
	struct layer_trees trees;
	struct layer_places places;
};

extern const char *const layer_engine_words[], *const layer_base_words[]; /* NULL ends */

/* Of places, no more than a record has room for. */
enum { LAYER_TREES_MAX = 256, LAYER_PLACES_MAX = 200, LAYER_PLACE_LENGTH = 255 };

enum {
	LAYER_MAKE = 1 << 0, /* a missing one is made, empty */
	LAYER_LOCK = 1 << 1, /* -EBUSY where an instance or another verb uses it */
	LAYER_UNREAD = 1 << 2, /* its record is not looked at: to remove a damaged one */
};

/* Whether @name may be a layer's: as for instances' names, and neither "none" nor
 * "ephemeral". */
bool layer_name_is_good(const char *name);
/* $XDG_DATA_HOME/sbox/layers, from @data_home; made where @make says so, 0700, the caller's
 * alone. The descriptor; -ENOENT where there is none; negative errno with @e set. */
int layers_open(const char *data_home, bool make, struct err *e);
/* The names of all, sorted, ended by NULL; negative errno with @e set. */
int layers_list(struct arena *a, int layers, const char ***ret, struct err *e);
/* The name of one that @name most likely means; NULL: there is none like it. */
const char *layer_nearest(struct arena *a, int layers, const char *name);

/* Reads the record of @name. 0; -ENOENT, -EBUSY or another negative errno, with @e set. */
int layer_open(struct arena *a, int layers, const char *name, unsigned flags,
	struct layer *ret, struct err *e);
void layer_close(struct layer *l);
/* Whether an instance or another verb has it locked. Holds a lock for a moment, which those
 * who want one wait for. */
bool layer_in_use(const struct layer *l);
/* CLOCK_REALTIME of its last use: of layer_save() or layer_touch(); 0: not known. */
int64_t layer_used_ns(const struct layer *l);
void layer_touch(const struct layer *l);
/* The tree at @path, NULL where the layer has none. */
const struct layer_tree *layer_find(const struct layer *l, const char *path);
/* Adds a tree: makes its upper, with the @mode of the directory that it lies over, and work.
 * The record on disk is not changed yet: save it before anything is written there. 0 or negative errno with @e set. */
int layer_add(struct arena *a, struct layer *l, const char *path,
	enum layer_engine engine, unsigned mode, struct err *e);
/* Puts the record in place of the old one, atomically. 0 or negative errno with @e set. */
int layer_save(const struct layer *l, struct err *e);
/* trees/N/upper or trees/N/work ("upper", "work"), opened; no link is followed. The
 * descriptor or negative errno. */
int layer_tree_open(
	const struct layer *l, const struct layer_tree *tree, const char *part);
/* Removes a locked layer with all that is in it, whatever modes its directories have. What
 * belongs to subordinate ids is left to the caller to remove first: -EPERM or -EACCES. */
int layer_remove(int layers, struct layer *l, struct err *e);
/* Whether nothing at all is in its uppers. */
bool layer_is_empty(const struct layer *l);
/* Behind a change of what is in it: an empty one begins anew, since now. 0 or negative errno
 * with @e set. */
int layer_settle(struct layer *l, struct err *e);
