/* SPDX-License-Identifier: MIT */
/* mounter.h - two ways to mount behind one interface
 *
 * mount.c uses the mount API of kernel 5.2 and 5.12 (3 microseconds a bind, attributes set
 * before anything is visible); mount_classic.c uses mount(2), for kernels or filters that
 * answer ENOSYS to the former. Never is the second tried after another error than that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child;

enum {
	MOUNT_RDONLY = 1 << 0,
	MOUNT_NODEV = 1 << 1,
	MOUNT_NOEXEC = 1 << 2, /* nosuid is always set */
};

struct mounter {
	/* A file system of @type on top of @place. @options: "key", "value" pairs ended by
	 * NULL; without a value it is a flag. The descriptor of its root, or negative errno. */
	int (*make)(struct child *c, const char *type, const char *const *options,
		unsigned flags, int place);
	/* @source, with everything below it, on top of @place. The descriptor of its top, or
	 * negative errno. */
	int (*bind)(struct child *c, int source, unsigned flags, int place);
	/* The mount at @source, attached nowhere, for a process of another mount namespace.
	 * Its descriptor or negative errno. NULL: there is no such thing. */
	int (*detach)(int source);
	/* Makes the mount whose root is @root read-only, not those in it. */
	int (*seal)(struct child *c, int root);
	/* The new root, not yet anybody's: a tmpfs, or @source with all below it. Its
	 * descriptor or negative errno. */
	int (*root)(struct child *c, int source, unsigned flags);
};

/* Whether the mount at @fd has the @flags: 0, or -EPERM. A call that says it has set them is
 * not enough: containers fake some. */
int mount_check(int fd, unsigned flags);

extern const struct mounter mounter_new, mounter_classic;

/* The one that this kernel can do. */
const struct mounter *mounter_choose(void);
