/* SPDX-License-Identifier: MIT */
/* began.h - since when each entry of a layer is in it, and whether the host had it then
 *
 * What a program began with is what the host had when its run began. So a path that came into
 * the layer in a later run counts from that run on, and a path that the host had then and has
 * no more was removed there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "layer/store.h"

struct began_entry {
	unsigned tree; /* its number */
	const char *path; /* below the tree's */
	int64_t since_ns; /* CLOCK_REALTIME of the begin of its first run */
	bool held; /* the host had something there when that run had ended */
};

struct began {
	struct began_entry *v; /* in order */
	size_t n;
};

/* Before a program runs, with the layer locked: from now on entries come into it. Whether
 * it was noted by this call, and not by a run that was killed; or negative errno. */
int began_run(const struct layer *l);
/* It did not run after all. */
void began_undo(const struct layer *l);
/* Behind its end: what is in the layer by now is looked at. 0 or negative errno. */
int began_note(struct layer *l);
/* When something left the layer: what is gone counts anew when it comes again. 0 or negative
 * errno. */
int began_prune(struct layer *l);
/* When the layer begins anew. */
void began_forget(int folder);

/* Reads what is known; nothing where no run has ended in order. 0 or negative errno. */
int began_read(struct began *b, struct arena *a, const struct layer *l);
/* NULL: it is as old as the layer. */
const struct began_entry *began_find(
	const struct began *b, unsigned tree, const char *path);
