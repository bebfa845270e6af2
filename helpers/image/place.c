/* SPDX-License-Identifier: MIT */
/* place.c - names of an archive as places in the tree, resolved by the kernel alone
 *
 * A name may lead through links: an image's /lib is one, and a later layer writes lib/x. So
 * links are followed as the image itself will see them, with its top as "/" (RESOLVE_IN_ROOT):
 * none leads out. Names that cannot mean anything inside are refused before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/image.h"

/* What a simple walk could not do, verify's and export's, is not made. Links lead deeper than
 * the names say, so it is the real path that counts. */
enum { DEPTH_MAX = 128 };

const char *shown(const char *path, char buf[512])
{
	str_escape_controls(buf, 512, path);
	return buf;
}

/* ---- what a layer has brought ---- */

static uint64_t hash_of(const char *path, size_t len)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * UINT64_C(1099511628211);
	return h ? h : 1;
}

static bool put(struct path_set *s, uint64_t h)
{
	size_t i = (size_t)h & (s->size - 1);
	while (s->v[i] && s->v[i] != h)
		i = (i + 1) & (s->size - 1);
	if (s->v[i])
		return false;
	s->v[i] = h;
	s->used++;
	return true;
}

static void grow(struct path_set *s)
{
	struct path_set bigger = { .size = s->size ? 2 * s->size : 1024 };
	bigger.v = calloc(bigger.size, sizeof(*bigger.v));
	if (!bigger.v)
		abort();
	for (size_t i = 0; i < s->size; i++)
		if (s->v[i])
			put(&bigger, s->v[i]);
	free(s->v);
	*s = bigger;
}

/* With all directories above it. */
void set_add(struct path_set *s, const char *path)
{
	for (size_t len = strlen(path); len > 0;) {
		if (2 * (s->used + 1) > s->size)
			grow(s);
		if (!put(s, hash_of(path, len)))
			return;
		while (len > 0 && path[--len] != '/')
			;
	}
}

bool set_has(const struct path_set *s, const char *path)
{
	uint64_t h = hash_of(path, strlen(path));
	if (s->size == 0)
		return false;
	for (size_t i = (size_t)h & (s->size - 1); s->v[i]; i = (i + 1) & (s->size - 1))
		if (s->v[i] == h)
			return true;
	return false;
}

void set_clear(struct path_set *s)
{
	free(s->v);
	*s = (struct path_set){ 0 };
}

/* ---- names ---- */

int place_clean(struct image *im, const char *what, const char *name, char out[PATH_MAX])
{
	char buf[512];
	size_t used = 0;
	unsigned depth = 0;
	if (name[0] == '/')
		return err_set(
			im->e, -EINVAL, "%s '%s' is absolute", what, shown(name, buf));
	for (const char *p = name; *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return err_set(im->e, -EINVAL, "%s '%s' has '..' in it", what,
				shown(name, buf));
		if (len > NAME_MAX || used + len + 2 > PATH_MAX || ++depth > DEPTH_MAX)
			return err_set(im->e, -ENAMETOOLONG,
				"%s '%.60s...' is too long or too deep", what,
				shown(name, buf));
		if (len > 0 && !(len == 1 && p[0] == '.')) {
			if (used > 0)
				out[used++] = '/';
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
		p += strspn(p, "/");
	}
	out[used] = '\0';
	return 0;
}

void place_forget(struct image *im)
{
	im->parent_fd = fd_close(im->parent_fd);
}

/* The path that a directory in the tree has without links. */
static int real_path(int root, int dir, char out[PATH_MAX])
{
	char link[64], top[PATH_MAX], path[PATH_MAX];
	const int fds[] = { root, dir };
	char *texts[] = { top, path };
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fds[i]);
		ssize_t n = readlink(link, texts[i], PATH_MAX - 1);
		if (n < 0)
			return -errno;
		texts[i][n] = '\0';
	}
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);
	if (strncmp(path, top, len) != 0)
		return -EXDEV;
	(void)snprintf(out, PATH_MAX, "%s", path + len + (path[len] == '/'));
	return 0;
}

/* A directory of the tree; *@links: whether links were followed. */
static int open_dir(struct image *im, const char *path, bool *links)
{
	const uint64_t flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	*links = false;
	int fd = sys_openat2(im->root, *path ? path : ".", flags,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd >= 0 || errno != ELOOP)
		return fd < 0 ? -errno : fd;
	*links = true;
	fd = sys_openat2(im->root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return fd < 0 ? -errno : fd;
}

static int set_parent(struct image *im, const char *path, int fd, bool links)
{
	place_forget(im);
	(void)snprintf(im->parent, sizeof(im->parent), "%s", path);
	(void)snprintf(im->real_parent, sizeof(im->real_parent), "%s", path);
	int r = links ? real_path(im->root, fd, im->real_parent) : 0;
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	im->parent_fd = fd;
	return 0;
}

/* The real path of @name in the open directory. */
static int real_name(const struct image *im, const char *name, char out[PATH_MAX])
{
	unsigned depth = 1;
	for (const char *p = im->real_parent; *p; p++)
		depth += *p == '/';
	size_t size = (size_t)snprintf(out, PATH_MAX, "%s%s%s", im->real_parent,
		*im->real_parent ? "/" : "", name);
	return size >= PATH_MAX || depth >= DEPTH_MAX ? -ENAMETOOLONG : 0;
}

/* Makes @path, whose parent is open as im->parent. */
static int make_dir(struct image *im, const char *name)
{
	struct line l = { .kind = LINE_DIR, .mode = 0755 };
	int r = real_name(im, name, l.path);
	if (r < 0)
		return r;
	if (mkdirat(im->parent_fd, name, 0755) < 0)
		return errno == EEXIST ? -ENOTDIR : -errno;
	/* a parent with the set-group-ID bit hands its group and that bit down */
	if (fchownat(im->parent_fd, name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(im->parent_fd, name, 0755, 0) < 0)
		return -errno;
	im->entries++;
	return manifest_write(im, &l);
}

/* Opens each directory above in turn and makes the first that is missing, and so on. */
static int make_parents(struct image *im, const char *path)
{
	char part[PATH_MAX];
	bool links;
	for (size_t len = 0;; len++) {
		len += strcspn(path + len, "/");
		(void)snprintf(part, sizeof(part), "%.*s", (int)len, path);
		int fd = open_dir(im, part, &links);
		if (fd == -ENOENT) {
			const char *slash = strrchr(part, '/');
			if (!slash && (fd = open_dir(im, "", &links)) >= 0)
				(void)set_parent(im, "", fd, false);
			int r = im->parent_fd < 0
				? -ENOENT
				: make_dir(im, slash ? slash + 1 : part);
			if (r < 0)
				return r;
			fd = open_dir(im, part, &links);
		}
		int r = fd < 0 ? fd : set_parent(im, part, fd, links);
		if (r < 0 || !path[len])
			return r;
	}
}

int place_find(struct image *im, const char *path, bool make, struct place *ret)
{
	char parent[PATH_MAX] = "", buf[512];
	const char *slash = strrchr(path, '/');
	bool links;
	if (slash)
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	if (im->parent_fd < 0 || strcmp(parent, im->parent) != 0) {
		int fd = open_dir(im, parent, &links);
		int r = fd < 0 ? fd : set_parent(im, parent, fd, links);
		if (r == -ENOENT && make)
			r = make_parents(im, parent);
		if (r < 0) {
			place_forget(im);
			return err_sys(im->e, r, "cannot enter '%s'", shown(parent, buf));
		}
	}
	ret->dir = im->parent_fd;
	ret->name = slash ? slash + 1 : path;
	if (real_name(im, ret->name, ret->path) < 0)
		return err_set(im->e, -ENAMETOOLONG,
			"'%.60s...' leads to a name that is too long or too deep",
			shown(path, buf));
	return 0;
}

/* ---- taking away ---- */

static int clear(struct image *im, int dir, const char *name, char path[PATH_MAX],
	bool older, unsigned depth);

static int clear_below(struct image *im, int dir, const char *name, char path[PATH_MAX],
	bool older, unsigned depth)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t len = strlen(path);
	int r = 0;
	if (!d)
		return -errno;
	for (struct dirent *entry; r == 0 && (entry = readdir(d));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(path + len, PATH_MAX - len, "%s%s", len ? "/" : "",
			    entry->d_name) >= PATH_MAX - len)
			r = -ENAMETOOLONG;
		else
			r = clear(im, dirfd(d), entry->d_name, path, older, depth + 1);
		path[len] = '\0';
	}
	closedir(d);
	return r;
}

static int clear(struct image *im, int dir, const char *name, char path[PATH_MAX],
	bool older, unsigned depth)
{
	struct line l = { .kind = LINE_GONE };
	struct stat st;
	/* the tree's top stays in any case */
	bool keep = (older && set_has(&im->layer, path)) || strcmp(name, ".") == 0;
	if (depth > 2 * DEPTH_MAX)
		return -ELOOP;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	bool directory = S_ISDIR(st.st_mode);
	int r = directory ? clear_below(im, dir, name, path, older, depth) : 0;
	if (r < 0 || keep)
		return r;
	if (unlinkat(dir, name, directory ? AT_REMOVEDIR : 0) < 0)
		return -errno;
	(void)snprintf(l.path, sizeof(l.path), "%s", path);
	return manifest_write(im, &l);
}

int place_clear(struct image *im, struct place *p, bool older)
{
	char path[PATH_MAX], buf[512];
	(void)snprintf(path, sizeof(path), "%s", p->path);
	int r = clear(im, p->dir, p->name, path, older, 0);
	return r < 0 ? err_sys(im->e, r, "cannot remove '%s'", shown(p->path, buf)) : 0;
}
