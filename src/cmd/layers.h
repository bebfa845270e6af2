/* SPDX-License-Identifier: MIT */
/* layers.h - what the verbs on layers share: which one is meant, which paths, how they look */
#pragma once

#include "base/json.h"
#include "cmd/words.h"
#include "layer/walk.h"
#include "resolve/host.h"

struct texts {
	const char **v;
	size_t n;
};

/* A layer that a command is about, and the paths in it. */
struct picked {
	struct arena *arena;
	struct host host;
	int layers;
	struct layer layer;
	bool guessed; /* nobody named it, and there are others */
	int base; /* the root of what it lies over; -1: as the record says */
	struct texts paths; /* absolute; none: all */
	const char
		*unknown; /* the first word, of which only a walk can tell what it is */
	bool *met; /* for each whether there was a change at it or below */
};

/* From the operands of a verb: [NAME] [PATH...]; what comes behind "--" are paths. @flags: of
 * layer_open(). 0 or negative errno with @e set. */
int pick_layer(struct arena *a, const struct words *w, unsigned flags, struct picked *ret,
	struct err *e);
void pick_done(struct picked *p);

/* Who uses the layer, into an @e that says -EBUSY; any other is left as it is. Returns e->code. */
int layer_tell_busy(struct arena *a, const char *name, struct err *e);

/* Takes a locked layer away, with what belongs to subordinate ids too. 0 or negative errno
 * with @e set. */
int remove_layer(struct arena *a, const struct host *h, int layers, struct layer *l,
	struct err *e);

/* Whether @path is one of those that were named, or below one, or none was named. */
bool picked_path(const struct picked *p, const char *path);
/* Whether one that was named is below @path. */
bool picked_below(const struct picked *p, const char *path);

/* Tells the named paths at which a walk has met no change. 0, or -ENOENT with @e set for a first
 * word that is neither that nor a layer. */
int pick_tell_missed(const struct picked *p, struct err *e);

/* Does @what to each entry of each tree; what it returns other than 0 ends the walk, and is
 * returned. It may call walk_skip(). @path: of the user's whole view. Directories without a
 * picked path in them are left out. */
typedef int walk_fn(struct picked *p, struct walk *w, const struct walk_entry *entry,
	const char *path, void *data, struct err *e);
int picked_walk(
	struct picked *p, unsigned flags, walk_fn *what, void *data, struct err *e);

/* The path as a user writes it, ~ for the home, controls escaped. */
const char *shown_path(struct arena *a, const struct host *h, const char *path);
/* "file", "directory", "link", ... */
const char *type_word(mode_t mode);
/* "-rwxr-xr-x" */
const char *mode_text(char out[11], mode_t mode);
/* Where a symbolic link leads; NULL: it cannot be read. */
const char *link_target(struct arena *a, int dir, const char *name);
/* One line for a change. */
void print_change(struct picked *p, const struct walk_entry *entry, const char *path);
/* Text of any bytes: what is no UTF-8 gets \xNN, and KEY_hex holds all bytes. */
void json_bytes(struct json *j, const char *key, const char *bytes);
