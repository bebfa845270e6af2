/* SPDX-License-Identifier: MIT */
/* access.c - changing a directory of an upper whose mode keeps its owner out
 *
 * Programs in a sandbox can be root over their own files, and make directories that nobody
 * may write to (Go's module cache is full of them); the caller outside is no root.
 */
#include "layer/access.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char note[] = "opened", new_note[] = "opened.new";

/* "TREE MODE PATH", and a NUL, whose lack would tell that it was not written to the end. */
static int write_note(const struct layer *l, const struct layer_tree *tree, mode_t mode,
	const char *path, size_t len)
{
	char text[PATH_MAX + 64];
	int n = snprintf(text, sizeof(text), "%u %o %.*s", tree->number, mode & 07777,
		(int)len, path);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -ENAMETOOLONG;
	_cleanup_fd_ int fd = openat(l->fd, new_note,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, (size_t)n + 1);
	return r < 0 ? r : renameat(l->fd, new_note, l->fd, note) < 0 ? -errno : 0;
}

int access_begin(struct access *ac, const struct layer *l, const struct layer_tree *tree,
	int fd, const char *path, size_t len)
{
	struct stat st;
	*ac = (struct access){ .layer = l, .fd = -1 };
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0300) == 0300 || st.st_uid != geteuid())
		return 0;
	int r = write_note(l, tree, st.st_mode, path, len);
	if (r < 0)
		return r;
	ac->fd = fd;
	ac->mode = st.st_mode & 07777;
	return fchmod(fd, ac->mode | 0300) < 0 ? -errno : 0;
}

void access_end(struct access *ac)
{
	if (ac->fd >= 0 && fchmod(ac->fd, ac->mode) == 0)
		(void)unlinkat(ac->layer->fd, note, 0);
	ac->fd = -1;
}

static int give_back(
	const struct layer *l, unsigned number, mode_t mode, const char *path)
{
	const struct layer_tree tree = { .number = number };
	char handle[64];
	_cleanup_fd_ int top = layer_tree_open(l, &tree, "upper");
	_cleanup_fd_ int fd = top < 0
		? -1
		: sys_openat2(top, *path ? path : ".",
			  (uint64_t)(O_PATH | O_DIRECTORY | O_CLOEXEC),
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0) /* it had its mode back, and is gone */
		return 0;
	(void)snprintf(handle, sizeof(handle), "/proc/self/fd/%d", fd);
	return chmod(handle, mode) < 0 ? -errno : 0;
}

int access_recover(const struct layer *l)
{
	struct arena a = { 0 };
	char *text;
	size_t size;
	unsigned number, mode;
	int path_at = 0;
	int r = fd_read_file(&a, l->fd, note, PATH_MAX + 64, &text, &size);
	if (r == 0 && size > 0 && text[size - 1] == '\0' &&
		sscanf(text, "%u %o%n", &number, &mode, &path_at) == 2 &&
		text[path_at] == ' ')
		r = give_back(l, number, mode, text + path_at + 1);
	if (r == 0 && unlinkat(l->fd, note, 0) < 0)
		r = -errno;
	arena_done(&a);
	return r == -ENOENT ? 0 : r;
}
