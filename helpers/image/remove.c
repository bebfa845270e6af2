/* SPDX-License-Identifier: MIT */
/* remove.c - a tree taken away, however deep a program has made it
 *
 * What is imported has a limit of depth, but programs that write to an image have none. Below
 * a depth at which descriptors are still few, a directory is moved up to the tree's top and
 * its turn comes again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/image.h"

enum { LEVELS = 100 };

struct removal {
	int root;
	unsigned moved;
};

/* Takes @dir over. */
static int empty(struct removal *x, int dir, unsigned depth);

static int move_up(struct removal *x, int dir, const char *name)
{
	char to[32];
	do {
		(void)snprintf(to, sizeof(to), ".deep-%u", x->moved++);
		if (renameat2(dir, name, x->root, to, RENAME_NOREPLACE) == 0)
			return 0;
	} while (errno == EEXIST);
	return -errno;
}

static int take_away(struct removal *x, int dir, const char *name, unsigned depth)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	if (depth == LEVELS)
		return move_up(x, dir, name);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : empty(x, fd, depth + 1);
	if (r == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

static int empty(struct removal *x, int dir, unsigned depth)
{
	DIR *d = fdopendir(dir);
	int r = 0;
	if (!d) {
		r = -errno;
		fd_close(dir);
		return r;
	}
	for (struct dirent *entry; r == 0 && (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = take_away(x, dir, entry->d_name, depth);
	closedir(d);
	return r;
}

int tree_remove(int root, struct err *e)
{
	struct removal x = { .root = root };
	unsigned before;
	do { /* again, for what was moved to the top */
		before = x.moved;
		int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int r = dir < 0 ? -errno : empty(&x, dir, 0);
		if (r < 0)
			return err_sys(e, r, "cannot remove the tree");
	} while (x.moved > before);
	return 0;
}
