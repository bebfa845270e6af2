/* SPDX-License-Identifier: MIT */
/* overlay.h - whiteouts and opaque directories, as either engine writes them */
#pragma once

#include <sys/stat.h>

#include "layer/store.h"

/* What a directory of an upper says of all that is in it. */
enum overlay_dir {
	OVERLAY_MERGED,
	OVERLAY_OPAQUE, /* it hides what the base has */
	OVERLAY_XATTR, /* merged, and empty files with a certain attribute are whiteouts */
};

enum overlay_dir overlay_dir_marks(enum layer_engine engine, int fd);
/* Whether @name in @dir is said to be gone; @st: what is there (mode 0: nothing). */
bool overlay_is_whiteout(enum layer_engine engine, enum overlay_dir marks, int dir,
	const char *name, const struct stat *st);
/* Names that are fuse-overlayfs' own: marks, and the name that a whiteout is for (NULL). */
bool overlay_is_opaque_name(const char *name);
const char *overlay_whiteout_of(const char *name);

/* 0, also where it was so already, or negative errno. */
int overlay_put_whiteout(enum layer_engine engine, int dir, const char *name);
int overlay_drop_whiteout(enum layer_engine engine, int dir, const char *name);
int overlay_set_opaque(enum layer_engine engine, int dir, const char *name);
int overlay_clear_opaque(enum layer_engine engine, int fd);
