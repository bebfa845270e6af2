/* SPDX-License-Identifier: MIT */
/* path.h - lexical path work, and opening paths beneath a directory */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;

/* An absolute path without "." and doubled or trailing slashes. ".." is refused (-EINVAL),
 * since it means something else behind a symbolic link than it does in the text; so is
 * the empty and the relative path. */
int path_normalize(struct arena *a, const char *path, char **ret);
/* @path relative to @base (absolute); normalized; "." and ".." steps are taken lexically. */
int path_absolute(struct arena *a, const char *base, const char *path, char **ret);
/* Whether normalized @path is @dir or lies below it. */
bool path_is_below(const char *path, const char *dir);
/* What comes behind @dir in @path, without a leading slash ("" where they are equal). */
const char *path_rest(const char *path, const char *dir);
/* Number of components; 0 for "/". */
unsigned path_depth(const char *path);
const char *path_basename(const char *path);
char *path_dirname(struct arena *a, const char *path);
/* @path (absolute) without links in it; of what does not exist the part that does. */
char *path_real(struct arena *a, const char *path);

struct path_links {
	const char **v;
	size_t n;
};

/* The same, also behind a link that leads to nothing, and every link on the way, each by its
 * place's name without links. */
char *path_trace(struct arena *a, const char *path, struct path_links *ret);

/* Opens (O_PATH) @path as seen from @root as "/": links are followed inside, none leads
 * out, magic links are refused. The descriptor or negative errno. */
int path_open_in_root(int root, const char *path, int extra_flags);
/* Opens (O_PATH) the relative @path without leaving @dir, links or not. */
int path_open_beneath(int dir, const char *path, int extra_flags);
/* Makes the missing directories of the relative @path under @dir (mode 0700), without
 * following any link from @dir on, and opens the last one. ".." is refused (-EINVAL).
 * @ret_created: how many trailing components were made. */
int path_make_dirs(int dir, const char *path, int *ret_fd, unsigned *ret_created);
/* rm -r for a directory of ours: removes @name under @dir and all below it, never
 * following a link nor crossing a mount. 0 or the first negative errno. */
int path_remove_tree(int dir, const char *name);
