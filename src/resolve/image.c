/* SPDX-License-Identifier: MIT */
/* image.c - the folder of images: what there is, and what is known of each
 *
 *   $XDG_DATA_HOME/sbox/images/NAME/root      the tree, with its files' own owners
 *                                  /manifest  what is in it (helpers/image/manifest.c)
 *                                  /info      where it came from
 *   .../.new-..., .../.old-...                being made, being removed
 *
 * The store is entered by the caller alone, so setuid files in the trees are in nobody
 * else's reach. A folder is locked by whoever works on it or runs in it.
 */
#include "resolve/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "config/value.h"
#include "resolve/ready.h"

/* ---- info ---- */

static const struct key {
	const char *name;
	bool number;
	size_t offset;
} keys[] = {
	{ "source", false, offsetof(struct image_info, source) },
	{ "kind", false, offsetof(struct image_info, kind) },
	{ "digest", false, offsetof(struct image_info, digest) },
	{ "content", false, offsetof(struct image_info, content) },
	{ "stamp", false, offsetof(struct image_info, stamp) },
	{ "map", false, offsetof(struct image_info, map) },
	{ "imported", true, offsetof(struct image_info, imported) },
	{ "entries", true, offsetof(struct image_info, entries) },
	{ "bytes", true, offsetof(struct image_info, bytes) },
	{ "skipped", true, offsetof(struct image_info, skipped) },
	{ "unmapped", true, offsetof(struct image_info, unmapped) },
	{ "xattrs", true, offsetof(struct image_info, xattrs) },
};

static int take_line(char *line, struct image_info *info)
{
	char *equals = strchr(line, '=');
	uint64_t n;
	for (const char *p = line; *p; p++)
		if (str_is_control(p))
			return -EBADMSG;
	if (!equals)
		return -EBADMSG;
	*equals = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *member = (char *)info + keys[i].offset;
		if (strcmp(line, keys[i].name) != 0)
			continue;
		if (!keys[i].number)
			*(const char **)(void *)member = equals[1] ? equals + 1 : NULL;
		else if (num_u64(equals + 1, 0, INT64_MAX, &n) < 0)
			return -EBADMSG;
		else
			*(int64_t *)(void *)member = (int64_t)n;
		return 0;
	}
	return 0;
}

int image_parse(struct arena *a, const char *text, size_t size, struct image_info *ret)
{
	if (size > IMAGE_INFO_MAX || memchr(text, '\0', size) ||
		(size > 0 && text[size - 1] != '\n'))
		return -EBADMSG;
	char *save = NULL, *copy = arena_strndup(a, text, size);
	for (char *line = strtok_r(copy, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		if (take_line(line, ret) < 0)
			return -EBADMSG;
	return 0;
}

char *image_format(struct arena *a, const struct image_info *info)
{
	char *text = arena_strdup(a, "");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *member = (const char *)info + keys[i].offset;
		if (keys[i].number) {
			text = arena_printf(a, "%s%s=%" PRId64 "\n", text, keys[i].name,
				*(const int64_t *)(const void *)member);
			continue;
		}
		const char *value = *(const char *const *)(const void *)member;
		if (value)
			text = arena_printf(a, "%s%s=%s\n", text, keys[i].name, value);
	}
	return text;
}

const char *image_map(struct arena *a, const struct id_table *t)
{
	const char *text = "";
	for (size_t i = 0; i < t->n; i++)
		text = arena_printf(a, "%s%s%u:%u:%u", text, i ? " " : "", t->v[i].inside,
			t->v[i].outside, t->v[i].count);
	return text;
}

/* ---- the store ---- */

bool image_is_name(const char *name)
{
	return value_is_plain_name(name) && strcmp(name, "host") != 0 &&
		strcmp(name, "empty") != 0;
}

bool image_is_digest(const char *text)
{
	static const char kind[] = "sha256:";
	return text && str_starts(text, kind) &&
		strspn(text + strlen(kind), "0123456789abcdef") == 64 &&
		!text[strlen(kind) + 64];
}

/* mkdir -p, for a data folder that nothing has used yet. */
static int open_data(struct arena *a, const char *data, bool make)
{
	int fd = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT || !make)
		return fd < 0 ? -errno : fd;
	fd = open_data(a, path_dirname(a, data), make);
	if (fd < 0)
		return fd;
	int r = mkdirat(fd, path_basename(data), 0700) < 0 && errno != EEXIST ? -errno
									      : 0;
	fd_close(fd);
	return r < 0 ? r : open_data(a, data, false);
}

int image_store_open(struct image_store *s, struct arena *a, const struct host *h,
	bool make, struct err *e)
{
	static const char below[] = "sbox/images";
	const char *data = h->vars[VAR_XDG_DATA_HOME];
	struct stat st = { 0 };
	*s = (struct image_store){
		.a = a, .path = arena_printf(a, "%s/%s", data, below), .fd = -1
	};
	_cleanup_fd_ int top = open_data(a, data, make), found = -1;
	int r = top < 0 ? top : 0;
	if (r == 0 && make)
		r = path_make_dirs(top, below, &found, NULL);
	else if (r == 0 && (found = path_open_beneath(top, below, O_DIRECTORY)) < 0)
		r = found;
	_cleanup_fd_ int fd = -1;
	if (r == 0) {
		fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (r == -ENOENT && !make)
		return 0;
	if (r == 0 && st.st_uid != h->uid)
		return err_set(
			e, -EPERM, "the folder of images '%s' is not yours", s->path);
	if (r == 0 && (st.st_mode & 077) && fchmod(fd, 0700) < 0)
		r = -errno;
	if (r < 0)
		return err_sys(e, r, "cannot open the folder of images '%s'", s->path);
	s->fd = TAKE_FD(fd);
	return 0;
}

void image_store_close(struct image_store *s)
{
	s->fd = fd_close(s->fd);
}

int image_open(const struct image_store *s, const char *name, bool alone)
{
	struct stat st, now;
	if (s->fd < 0 || !image_is_name(name))
		return -ENOENT;
	_cleanup_fd_ int fd =
		openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? -ENOENT : -errno;
	if (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
		return -errno;
	/* it may have been taken away before it was locked */
	if (fstat(fd, &st) < 0 || fstatat(s->fd, name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_ino != now.st_ino)
		return -ENOENT;
	return TAKE_FD(fd);
}

int image_read(const struct image_store *s, int image, struct image_info *ret)
{
	char *text;
	size_t size;
	*ret = (struct image_info){ 0 };
	_cleanup_fd_ int fd = openat(image, "info", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fd_read_open(s->a, fd, IMAGE_INFO_MAX, &text, &size);
	return r < 0 ? r : image_parse(s->a, text, size, ret);
}

int image_write(struct arena *a, int image, const struct image_info *info)
{
	const char *text = image_format(a, info);
	(void)unlinkat(image, "info.new", 0);
	_cleanup_fd_ int fd = openat(image, "info.new",
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(image, "info.new", image, "info") < 0)
		r = -errno;
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *image_names(const struct image_store *s)
{
	struct {
		const char **v;
		size_t n;
	} names = { 0 };
	int copy =
		s->fd < 0 ? -1 : openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *entry; d && (entry = readdir(d));)
		if (image_is_name(entry->d_name))
			*ARENA_PUSH(s->a, &names) = arena_strdup(s->a, entry->d_name);
	if (d)
		closedir(d);
	else
		fd_close(copy);
	if (names.n > 0)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	*ARENA_PUSH(s->a, &names) = NULL;
	return (const char *const *)names.v;
}

int image_not_there(const struct image_store *s, const char *name, struct err *e)
{
	const char *near = str_nearest_of(name, image_names(s));
	err_set(e, -ENOENT, "there is no image '%s'", name);
	return near ? err_hint(e, "did you mean '%s'?", near)
		    : err_hint(e, "'sbox image list' shows those that there are");
}

const char *image_by_content(
	const struct image_store *s, const char *content, int *ret_fd)
{
	struct image_info info;
	for (const char *const *name = image_names(s); *name; name++) {
		_cleanup_fd_ int fd = image_open(s, *name, false);
		if (fd < 0 || image_read(s, fd, &info) < 0 || !info.content ||
			strcmp(info.content, content) != 0)
			continue;
		if (ret_fd)
			*ret_fd = TAKE_FD(fd);
		return *name;
	}
	return NULL;
}
