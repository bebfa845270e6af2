/* SPDX-License-Identifier: MIT */
/* tree.c - a tree as the source of an image, and an image's tree as a tar archive */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"

enum { DEPTH_MAX = 200, BLOCK = 256 * 1024 };

/* ---- walking ---- */

struct walk {
	tree_entry *entry;
	void *context;
	struct err *e;
	dev_t device;
	char path[PATH_MAX];
};

static int visit(struct walk *w, int dir, const char *name, size_t len, unsigned depth);

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int visit_below(struct walk *w, int dir, size_t len, unsigned depth)
{
	struct dirent **names;
	int n = scandirat(dir, ".", &names, not_dots, by_name), r = 0;
	if (n < 0)
		return err_sys(
			w->e, -errno, "cannot read the directory '%.200s'", w->path);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		if (r == 0 && len + strlen(name) + 2 > sizeof(w->path))
			r = err_set(
				w->e, -ENAMETOOLONG, "'%.60s...' is too long", w->path);
		if (r == 0) {
			int add = snprintf(w->path + len, sizeof(w->path) - len, "%s%s",
				len ? "/" : "", name);
			r = visit(w, dir, name, len + (size_t)add, depth + 1);
			w->path[len] = '\0';
		}
		free(names[i]);
	}
	free(names);
	return r;
}

static int visit(struct walk *w, int dir, const char *name, size_t len, unsigned depth)
{
	struct stat st;
	char target[PATH_MAX], buf[512];
	_cleanup_fd_ int fd = -1;
	if (depth > DEPTH_MAX)
		return err_set(w->e, -ELOOP, "'%.60s...' is too deep", w->path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(w->e, -errno, "cannot look at '%s'", shown(w->path, buf));
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_sys(
				w->e, -errno, "cannot read '%s'", shown(w->path, buf));
	}
	ssize_t n = 0;
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(dir, name, target, sizeof(target) - 1);
		if (n < 0)
			return err_sys(
				w->e, -errno, "cannot read '%s'", shown(w->path, buf));
	}
	target[n] = '\0';
	int r = w->entry(
		w->context, w->path, &st, fd, S_ISLNK(st.st_mode) ? target : NULL, w->e);
	/* what is mounted there is not the tree's */
	if (r < 0 || !S_ISDIR(st.st_mode) || st.st_dev != w->device)
		return r;
	return visit_below(w, fd, len, depth);
}

int tree_walk(int dir, tree_entry *entry, void *context, struct err *e)
{
	struct stat st;
	struct walk *w = calloc(1, sizeof(*w));
	if (!w || fstat(dir, &st) < 0) {
		free(w);
		return err_sys(e, -errno, "cannot look at the tree");
	}
	*w = (struct walk){
		.entry = entry, .context = context, .e = e, .device = st.st_dev
	};
	int r = visit(w, dir, ".", 0, 0);
	free(w);
	return r;
}

/* ---- entries of what is on a disk ---- */

static void add_xattrs(struct archive_entry *entry, int fd)
{
	char names[16384], value[65536];
	ssize_t n = flistxattr(fd, names, sizeof(names));
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
		if (!str_starts(names + i, "user.") &&
			strcmp(names + i, "security.capability") != 0)
			continue;
		ssize_t size = fgetxattr(fd, names + i, value, sizeof(value));
		if (size >= 0)
			archive_entry_xattr_add_entry(
				entry, names + i, value, (size_t)size);
	}
}

static void add_sparse(struct archive_entry *entry, const struct stat *st, int fd)
{
	off_t at = 0;
	if (st->st_blocks >= (st->st_size + 511) / 512)
		return;
	while (at < st->st_size) {
		off_t data = lseek(fd, at, SEEK_DATA);
		if (data < 0)
			break;
		off_t hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data)
			break;
		archive_entry_sparse_add_entry(entry, data, hole - data);
		at = hole;
	}
	if (archive_entry_sparse_count(entry) == 0)
		archive_entry_sparse_add_entry(entry, st->st_size, 0);
}

static void describe(struct archive_entry *entry, const char *path, const struct stat *st,
	int fd, const char *target)
{
	archive_entry_clear(entry);
	archive_entry_copy_stat(entry, st);
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	archive_entry_copy_pathname(entry, path);
	if (target)
		archive_entry_copy_symlink(entry, target);
	if (fd >= 0)
		add_xattrs(entry, fd);
	if (S_ISREG(st->st_mode))
		add_sparse(entry, st, fd);
}

/* Blocks of an open file, holes left out. */
static int file_block(
	struct reader *r, const void **data, size_t *size, int64_t *offset, struct err *e)
{
	off_t at = lseek(r->fd, r->offset, SEEK_DATA);
	if (at < 0)
		return errno == ENXIO ? 0 : err_sys(e, -errno, "cannot read");
	ssize_t n = RETRY(pread(r->fd, r->buffer, BLOCK, at));
	if (n < 0)
		return err_sys(e, -errno, "cannot read");
	*data = r->buffer;
	*size = (size_t)n;
	*offset = at;
	r->offset = at + n;
	return n > 0;
}

/* ---- importing ---- */

struct import {
	struct image *im;
	struct archive_entry_linkresolver *links;
	struct archive_entry *entry;
	void *buffer;
	uid_t uid_shift, unmapped;
	gid_t gid_shift;
};

/* The owner of the tree's top is its root; those outside of the range were root's, too, in
 * trees that root made. */
static uint32_t owner_of(struct import *in, uint32_t id, uint32_t shift)
{
	if (id == in->unmapped)
		in->im->unmapped++;
	if (id == in->unmapped || id < shift)
		return 0;
	return id - shift;
}

static int import_one(void *context, const char *path, const struct stat *st, int fd,
	const char *target, struct err *e)
{
	struct import *in = context;
	struct archive_entry *entry = in->entry, *spare = NULL;
	(void)e;
	describe(entry, *path ? path : ".", st, fd, target);
	archive_entry_set_uid(entry, owner_of(in, st->st_uid, in->uid_shift));
	archive_entry_set_gid(entry, owner_of(in, st->st_gid, in->gid_shift));
	if (!S_ISDIR(st->st_mode))
		archive_entry_linkify(in->links, &entry, &spare);
	struct reader r = { .next = file_block, .fd = fd, .buffer = in->buffer };
	return extract_entry(in->im, entry, &r);
}

int tree_import(struct image *im, int dir)
{
	struct stat st;
	if (fstat(dir, &st) < 0)
		return err_sys(im->e, -errno, "cannot look at the tree");
	struct import in = { .im = im,
		.links = archive_entry_linkresolver_new(),
		.entry = archive_entry_new(),
		.buffer = malloc(BLOCK),
		.unmapped = 65534 };
	if (!in.links || !in.entry || !in.buffer)
		abort();
	archive_entry_linkresolver_set_strategy(
		in.links, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);
	in.uid_shift = st.st_uid == in.unmapped ? 0 : st.st_uid;
	in.gid_shift = st.st_gid == in.unmapped ? 0 : st.st_gid;
	int r = tree_walk(dir, import_one, &in, im->e);
	archive_entry_linkresolver_free(in.links);
	archive_entry_free(in.entry);
	free(in.buffer);
	return r;
}

/* ---- exporting ---- */

struct export
{
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	struct archive_entry *entry;
	void *buffer;
};

static int cannot_write(struct archive *a, struct err *e)
{
	const char *why = archive_error_string(a);
	return err_set(e, -EIO, "cannot write the archive: %s", why ? why : "unknown");
}

static int export_content(struct export *x, int64_t size, int fd, struct err *e)
{
	static const char zeros[4096];
	struct reader r = { .next = file_block, .fd = fd, .buffer = x->buffer };
	const void *data;
	size_t n;
	int64_t offset, at = 0;
	int more;
	while ((more = r.next(&r, &data, &n, &offset, e)) > 0 && offset < size) {
		for (int64_t part; at < offset; at += part) {
			part = offset - at < (int64_t)sizeof(zeros)
				? offset - at
				: (int64_t)sizeof(zeros);
			if (archive_write_data(x->archive, zeros, (size_t)part) < 0)
				return cannot_write(x->archive, e);
		}
		if (archive_write_data(x->archive, data, n) < 0)
			return cannot_write(x->archive, e);
		at = offset + (int64_t)n;
	}
	/* libarchive fills up what is missing; but the map of a file that is all hole comes
	 * with the first byte */
	if (more == 0 && at == 0 && archive_write_data(x->archive, zeros, 1) < 0)
		return cannot_write(x->archive, e);
	return more < 0 ? more : 0;
}

static int export_one(void *context, const char *path, const struct stat *st, int fd,
	const char *target, struct err *e)
{
	struct export *x = context;
	struct archive_entry *entry = x->entry, *spare = NULL;
	char name[PATH_MAX + 2];
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !target)
		return 0;
	(void)snprintf(name, sizeof(name), "./%s", path);
	describe(entry, name, st, fd, target);
	if (!S_ISDIR(st->st_mode))
		archive_entry_linkify(x->links, &entry, &spare);
	int r = archive_write_header(x->archive, entry);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return cannot_write(x->archive, e);
	if (!S_ISREG(st->st_mode) || archive_entry_hardlink(entry) ||
		archive_entry_size(entry) == 0)
		return 0;
	return export_content(x, st->st_size, fd, e);
}

static int add_filter(struct archive *a, const char *compression)
{
	if (strcmp(compression, "gz") == 0)
		return archive_write_add_filter_gzip(a);
	if (strcmp(compression, "xz") == 0)
		return archive_write_add_filter_xz(a);
	if (strcmp(compression, "zst") == 0)
		return archive_write_add_filter_zstd(a);
	return archive_write_add_filter_none(a);
}

int tree_export(int root, int out, const char *compression, struct err *e)
{
	struct export x = { .archive = archive_write_new(),
		.links = archive_entry_linkresolver_new(),
		.entry = archive_entry_new(),
		.buffer = malloc(BLOCK) };
	if (!x.archive || !x.links || !x.entry || !x.buffer)
		abort();
	archive_entry_linkresolver_set_strategy(
		x.links, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);
	int r = archive_write_set_format_pax(x.archive) == ARCHIVE_OK &&
			add_filter(x.archive, compression) == ARCHIVE_OK &&
			archive_write_open_fd(x.archive, out) == ARCHIVE_OK
		? tree_walk(root, export_one, &x, e)
		: cannot_write(x.archive, e);
	if (r == 0 && archive_write_close(x.archive) != ARCHIVE_OK)
		r = cannot_write(x.archive, e);
	if (r == 0 && fsync(out) < 0 && errno != EINVAL)
		r = err_sys(e, -errno, "cannot write the archive");
	archive_write_free(x.archive);
	archive_entry_linkresolver_free(x.links);
	archive_entry_free(x.entry);
	free(x.buffer);
	return r;
}
