/* SPDX-License-Identifier: MIT */
/* apply.h - bringing entries of a layer to the host, each whole or not at all
 *
 * Three walks: verdicts on all; then all is brought, nothing leaves the layer; then what is
 * the same on both sides leaves it. So a kill at any point loses nothing, and whoever begins
 * again finds what was brought already by its being the same.
 */
#pragma once

#include "layer/began.h"
#include "layer/known.h"
#include "layer/walk.h"

enum verdict {
	VERDICT_GOOD,
	VERDICT_KEPT, /* fifos, sockets, devices, names of our own: never brought */
	VERDICT_CHANGED, /* on the host, since the program began */
	VERDICT_GONE, /* from the host, since then */
	VERDICT_RIGHTS, /* the caller may not */
	VERDICT_MOUNT, /* something is mounted there */
	VERDICT_UNREADABLE, /* in the layer */
	VERDICT_NO_PLACE, /* the tree is not there on the host; or the path is too long */
	VERDICT_COUNT
};

struct linked; /* a file of the host that has more names in the layer */

struct applier {
	const struct layer *layer;
	struct arena arena;
	char temp[64]; /* the name of what is not whole yet, in whatever directory */
	char *journal; /* the directory where something may have that name; NULL: none */
	struct {
		struct linked *v;
		size_t n;
	} links;
	struct known known;
	struct began began;
	int64_t since_ns; /* of the entry that is judged */
	unsigned lost; /* of the entry that was brought: bits of enum attrs_lost */
};

/* Begins with the layer locked; takes away what a killed one has left on the host. 0 or
 * negative errno with @e set. */
int applier_begin(struct applier *ap, const struct layer *l, struct err *e);
void applier_end(struct applier *ap);

/* What is to be thought of a change. @path: of the host. @soon: it is brought next, and what it
 * takes a name from is noted for those that have the other names. */
enum verdict applier_judge(struct applier *ap, const struct walk *w,
	const struct walk_entry *entry, const char *path, bool soon);
/* Whether the caller may make the change, as far as the directory says that holds it. */
bool applier_may(const struct walk_entry *entry);
/* Brings a change that was judged to be good; of what did not change, it notes which files
 * have more names. Nothing leaves the layer. 0 or negative errno. */
int applier_bring(struct applier *ap, struct walk *w, const struct walk_entry *entry,
	const char *path);
/* The mode and attributes of a directory that was brought, behind what was brought into it. */
int applier_finish_dir(struct applier *ap, const struct walk_entry *entry);
/* Behind the last one: a layer that is empty begins anew. 0 or negative errno with @e set. */
int applier_settle(struct applier *ap, struct layer *l, struct err *e);
/* Lets an entry that is the same on both sides leave the layer. 0 or negative errno. */
int applier_drop(struct applier *ap, struct walk *w, const struct walk_entry *entry);
