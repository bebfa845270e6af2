/* SPDX-License-Identifier: MIT */
/* remove.h - taking away a tree that untrusted programs wrote: any depth, any modes */
#pragma once

/* Removes @name under @dir, and all below it where it is a directory. No link is followed,
 * no mount crossed; directories of the caller's are made accessible first (the kernel's
 * overlay leaves work/work with mode 000). 0, also where there was nothing, or the first
 * negative errno; what could be removed is. */
int tree_remove(int dir, const char *name);
/* The same for all that is in the directory @fd, which stays. */
int tree_empty(int fd);
