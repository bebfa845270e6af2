/* SPDX-License-Identifier: MIT */
/* image.h - what is done to images: import, export, verify, remove */
#pragma once

#include "resolve/image.h"

struct plan;

struct image_import {
	const char *path; /* a file or directory */
	const char *name; /* NULL: made of the path's, and of the digest where @once */
	bool once; /* an image of the same file or digest is as good */
	bool quiet;
	const char *ret_name;
	struct image_info ret_info;
	bool ret_reused;
	bool ret_range; /* owners are kept */
};

struct image_export {
	const char *name; /* of the image */
	const char *file; /* "-": standard output */
	bool force; /* in the place of one that there is */
};

/* Each: 0; the helper's exit code above 0, where it has told why; or negative errno with @e
 * set; -EINTR with the exit status for it where the user has interrupted them. Interrupted
 * or failed, they leave no image or file that is not whole. */
int image_import(
	struct arena *a, const struct host *h, struct image_import *im, struct err *e);
int image_remove(struct arena *a, const struct host *h, const char *name, struct err *e);
int image_export(struct arena *a, const struct host *h, const struct image_export *ex,
	struct err *e);
/* 1 where there are differences, which it has printed. */
int image_verify(struct arena *a, const struct host *h, const char *name, struct err *e);

/* Empties the directory @path, whichever of the caller's ids what is in it belongs to. As
 * above. */
int image_empty_tree(
	struct arena *a, const struct host *h, const char *path, struct err *e);

/* A file as the root of @p: imported unless it was, and its image's name put in its place. */
int image_as_root(struct plan *p, const struct host *h, struct err *e);
