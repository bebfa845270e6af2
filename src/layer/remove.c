/* SPDX-License-Identifier: MIT */
/* remove.c - taking away a tree that untrusted programs wrote: any depth, any modes
 *
 * A program can nest directories deeper than there are descriptors, or than a path is long.
 * So what lies too deep is first moved up to the top of the tree, and removed from there.
 */
#include "layer/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum { DIR_FLAGS = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, MAX_DEPTH = 100 };

struct removal {
	int top; /* where what lies too deep is moved to */
	unsigned moved;
};

/* Opens a directory to change what is in it. */
static int open_dir(int dir, const char *name)
{
	struct stat st;
	char path[64];
	/* what is mounted there is not ours to remove, on the same device or not */
	_cleanup_fd_ int handle = sys_openat2(dir, name, (uint64_t)(O_PATH | DIR_FLAGS),
		RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
	if (handle < 0 || fstat(handle, &st) < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
	if ((st.st_mode & 0700) != 0700 && geteuid() == st.st_uid &&
		chmod(path, 0700) < 0)
		return -errno;
	int fd = openat(handle, ".", O_RDONLY | DIR_FLAGS);
	return fd < 0 ? -errno : fd;
}

static int move_up(struct removal *rm, int dir, const char *name)
{
	char other[64];
	do {
		(void)snprintf(other, sizeof(other), "deep-%u", rm->moved++);
		if (renameat(dir, name, rm->top, other) == 0)
			return 0;
	} while (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR);
	return -errno;
}

static int remove_one(struct removal *rm, int dir, const char *name, unsigned depth);

/* One pass over a directory. 0 or the first negative errno. */
static int remove_names(struct removal *rm, int fd, unsigned depth)
{
	int r = 0, copy = openat(fd, ".", O_RDONLY | DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		r = -errno;
		fd_close(copy);
		return r;
	}
	for (struct dirent *entry; (entry = readdir(d));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int r2 = remove_one(rm, fd, entry->d_name, depth);
		r = r ? r : r2;
	}
	closedir(d);
	return r;
}

static int remove_one(struct removal *rm, int dir, const char *name, unsigned depth)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	int refused = -errno;
	_cleanup_fd_ int fd = open_dir(dir, name);
	if (fd < 0)
		return fd == -ENOTDIR ? refused : fd;
	if (depth >= MAX_DEPTH)
		return move_up(rm, dir, name);
	int r = remove_names(rm, fd, depth + 1);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return r ? r : -errno;
}

int tree_empty(int fd)
{
	struct removal rm = { .top = fd };
	unsigned before;
	int r;
	/* what was moved up during a pass may not have been met in it */
	do {
		before = rm.moved;
		r = remove_names(&rm, fd, 0);
	} while (rm.moved != before);
	return r;
}

int tree_remove(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	_cleanup_fd_ int fd = open_dir(dir, name);
	if (fd < 0)
		return fd;
	int r = tree_empty(fd);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return r ? r : -errno;
}
