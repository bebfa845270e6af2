/* SPDX-License-Identifier: MIT */
/* overlay.h - which trees a layer lies over, by which engine, and where what is written goes */
#pragma once

#include "layer/store.h"
#include "resolve/wish.h"

/* A directory that is looked at by its path, and compared again before it is used. */
struct known_dir {
	const char *path; /* on the host */
	dev_t dev;
	ino_t ino;
};

/* What is put over one tree. */
struct overlay {
	enum layer_engine engine;
	struct known_dir lower;
	const char *folder; /* with upper and work in it; NULL: in memory */
	struct known_dir upper, work;
	const struct known_dir *under; /* of layers below, read-only, the topmost first */
	size_t n_under;
	mode_t mode; /* of the tree's top */
	bool squash; /* fuse-overlayfs: everything is the program's own */
	const char **hidden; /* from the server too; relative to the tree */
	size_t n_hidden;
};

enum { OVERLAY_SERVERS_MAX = 12 };

/* The layers of a run. */
struct layers_used {
	struct layer own; /* fd -1: in memory */
	struct layer *under;
	size_t n_under;
	bool fresh; /* the own one was made for this run */
	bool noted; /* in the layer, that it is written to from now on */
	bool changed; /* it has trees that its record has not yet */
	const char *fuse_path; /* of fuse-overlayfs, where one of the trees needs it */
	const struct overlay *servers[OVERLAY_SERVERS_MAX]; /* those it serves, in the
							       order of their mounting */
	size_t n_servers;
};

bool overlay_wanted(const struct plan *p);
/* Whether what is written outlasts the run. */
bool overlay_is_kept(const struct plan *p);
/* Whether nothing was written to a layer that is kept. */
bool overlay_is_untouched(const struct ready *rd);
/* Opens and locks the layers that the plan names. 0 or negative errno with r->e set. */
int overlay_begin(struct resolver *r);
/* The root's directory gets a layer. */
int overlay_root(struct resolver *r);
/* Decides over each tree, once its source is known. Mistakes go to r->d; 0, or negative
 * errno with r->e set. */
int overlay_settle(struct resolver *r);
/* Lets go of the layers; one that was made for a run that failed goes away again. */
void overlay_end(const struct ready *rd, bool failed);
