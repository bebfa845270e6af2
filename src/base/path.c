/* SPDX-License-Identifier: MIT */
/* path.c - lexical path work, and opening paths beneath a directory */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/sys.h"

/* Appends the components of @path to @out; ".." takes one away where @dotdot allows. */
static int append(char *out, size_t *used, const char *path, bool dotdot)
{
	while (*path) {
		size_t len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			if (!dotdot)
				return -EINVAL;
			while (*used > 0 && out[--*used] != '/')
				;
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			out[(*used)++] = '/';
			memcpy(out + *used, path, len);
			*used += len;
		}
		path += len;
		while (*path == '/')
			path++;
	}
	return 0;
}

static char *finish(char *out, size_t used)
{
	if (used == 0)
		out[used++] = '/';
	out[used] = '\0';
	return out;
}

int path_normalize(struct arena *a, const char *path, char **ret)
{
	if (path[0] != '/')
		return -EINVAL;
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t used = 0;
	int r = append(out, &used, path, false);
	if (r < 0)
		return r;
	*ret = finish(out, used);
	return 0;
}

int path_absolute(struct arena *a, const char *base, const char *path, char **ret)
{
	if (!*path)
		return -EINVAL;
	if (path[0] == '/')
		base = "";
	char *out = arena_alloc(a, strlen(base) + strlen(path) + 3);
	size_t used = 0;
	(void)append(out, &used, base, true); /* cannot fail where ".." is allowed */
	(void)append(out, &used, path, true);
	*ret = finish(out, used);
	return 0;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	if (len == 1)
		return true;
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

const char *path_rest(const char *path, const char *dir)
{
	path += strlen(dir) == 1 ? 0 : strlen(dir);
	while (*path == '/')
		path++;
	return path;
}

unsigned path_depth(const char *path)
{
	unsigned n = 0;
	for (const char *p = path; *p; p++)
		if (*p == '/' && p[1])
			n++;
	return n;
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *path_dirname(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return arena_strdup(a, slash ? "/" : ".");
	return arena_strndup(a, path, (size_t)(slash - path));
}

char *path_real(struct arena *a, const char *path)
{
	char real[PATH_MAX];
	const char *there = path;
	/* most have no link in them, which one call can tell; so it is if nothing is there, up
	 * to where nothing is there */
	_cleanup_fd_ int fd = sys_openat2(
		AT_FDCWD, path, (uint64_t)(O_PATH | O_CLOEXEC), RESOLVE_NO_SYMLINKS);
	if (fd >= 0 || errno == ENOENT)
		return arena_strdup(a, path);
	while (!realpath(there, real)) {
		if (strcmp(there, "/") == 0)
			return arena_strdup(a, path);
		there = path_dirname(a, there);
	}
	const char *rest = path_rest(path, there);
	if (!*rest)
		return arena_strdup(a, real);
	return arena_printf(a, "%s/%s", strcmp(real, "/") == 0 ? "" : real, rest);
}

/* @dir/@name, of which @name is the first @len bytes. */
static char *join(struct arena *a, const char *dir, const char *name, size_t len)
{
	return arena_printf(
		a, "%s/%.*s", strcmp(dir, "/") == 0 ? "" : dir, (int)len, name);
}

char *path_trace(struct arena *a, const char *path, struct path_links *ret)
{
	enum { LINKS_MAX = 40 }; /* the kernel's */
	char target[PATH_MAX];
	char *at = arena_strdup(a, "/");

	*ret = (struct path_links){ 0 };
	_cleanup_fd_ int fd = sys_openat2(
		AT_FDCWD, path, (uint64_t)(O_PATH | O_CLOEXEC), RESOLVE_NO_SYMLINKS);
	if (fd >= 0 || errno == ENOENT)
		return arena_strdup(a, path);
	for (const char *rest = path; *(rest += strspn(rest, "/"));) {
		size_t len = strcspn(rest, "/");
		char *next = join(a, at, rest, len);
		ssize_t n = readlink(next, target, sizeof(target) - 1);
		if (len == 2 && rest[0] == '.' && rest[1] == '.') {
			at = path_dirname(a, at);
		} else if (n > 0 && ret->n == LINKS_MAX) {
			return arena_strdup(a, path);
		} else if (n > 0) {
			*ARENA_PUSH(a, ret) = next;
			at = target[0] == '/' ? arena_strdup(a, "/") : at;
			rest = arena_printf(a, "%.*s/%s", (int)n, target, rest + len);
			continue;
		} else if (len > 1 || rest[0] != '.') {
			at = next;
		}
		rest += len;
	}
	return at;
}

int path_open_in_root(int root, const char *path, int extra_flags)
{
	int fd = RETRY(
		sys_openat2(root, path, (uint64_t)(O_PATH | O_CLOEXEC | extra_flags),
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
	return fd < 0 ? -errno : fd;
}

int path_open_beneath(int dir, const char *path, int extra_flags)
{
	int fd =
		RETRY(sys_openat2(dir, path, (uint64_t)(O_PATH | O_CLOEXEC | extra_flags),
			RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS));
	return fd < 0 ? -errno : fd;
}

int path_make_dirs(int dir, const char *path, int *ret_fd, unsigned *ret_created)
{
	unsigned created = 0;
	_cleanup_fd_ int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (at < 0)
		return -errno;
	while (*path) {
		char name[256];
		size_t len = strcspn(path, "/");
		if (len >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = '\0';
		if (strcmp(name, "..") == 0)
			return -EINVAL; /* it would leave @dir */
		if (mkdirat(at, name, 0700) == 0)
			created++;
		else if (errno != EEXIST)
			return -errno;
		int next =
			openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		fd_close(at);
		at = next;
		path += len;
		while (*path == '/')
			path++;
	}
	*ret_fd = TAKE_FD(at);
	if (ret_created)
		*ret_created = created;
	return 0;
}

static int remove_tree(int dir, const char *name, dev_t device, unsigned depth)
{
	enum { MAX_DEPTH = 200 };
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth > MAX_DEPTH)
		return -ELOOP;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct stat st;
	DIR *d = NULL;
	if (fstat(fd, &st) < 0 || (depth > 0 && st.st_dev != device) ||
		!(d = fdopendir(fd))) {
		fd_close(fd);
		return -EXDEV;
	}
	int r = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int r2 = remove_tree(dirfd(d), entry->d_name, st.st_dev, depth + 1);
		r = r ? r : r2;
	}
	closedir(d);
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = r ? r : -errno;
	return r;
}

int path_remove_tree(int dir, const char *name)
{
	return remove_tree(dir, name, 0, 0);
}
