/* SPDX-License-Identifier: MIT */
/* walk.c - what is in a tree's upper, held against its base: one entry after the other
 *
 * Untrusted programs wrote the upper, so nothing in it is believed that a program can set: a
 * file with the time and size of the base's is still compared. Names of the directories
 * above the current one are kept, descriptors are not: they may be nested deeper than there
 * are descriptors.
 */
#include "layer/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "layer/access.h"
#include "layer/overlay.h"
#include "layer/place.h"
#include "layer/remove.h"
#include "layer/same.h"

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	BASE_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	STRICT = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
};

const char *const change_words[] = { "none", "added", "changed", "removed", NULL };
_Static_assert(ARRAY_SIZE(change_words) == CHANGE_COUNT + 1, "change_words, out of step");

struct names {
	const char **v;
	size_t n;
};

/* One directory between the top and where the walk is. */
struct walk_frame {
	struct arena arena; /* of the names */
	struct names names;
	size_t next;
	size_t path_len; /* of its path */
	enum overlay_dir marks;
	bool opaque; /* by its own mark, or since it lies in one that is */
	struct stat upper, base; /* of the directory itself; unset at the top */
};

/* ---- descriptors ---- */

static int open_strict(int dir, const char *path, int flags, uint64_t resolve)
{
	int fd = RETRY(sys_openat2(dir, *path ? path : ".", (uint64_t)flags, resolve));
	return fd < 0 ? -errno : fd;
}

/* The base's directory; a kernel's overlay has never shown what is mounted there. */
static int open_base(const struct walk *w, int dir, const char *path)
{
	if (dir < 0)
		return -ENOENT;
	return open_strict(dir, path, BASE_FLAGS,
		STRICT | (w->tree->engine == ENGINE_KERNEL ? RESOLVE_NO_XDEV : 0));
}

static bool is_nothing(int code)
{
	return code == -ENOENT || code == -ENOTDIR;
}

static void close_dirs(struct walk *w)
{
	w->upper = fd_close(w->upper);
	w->base = fd_close(w->base);
	w->blocked = 0;
}

static void set_base(struct walk *w, int fd)
{
	w->base = fd < 0 ? -1 : fd;
	/* a link is something, too, but has nothing in it */
	w->blocked = fd >= 0 || is_nothing(fd) || fd == -ELOOP ? 0 : fd;
}

/* Both sides of the last frame's directory, again. 0 or negative errno. */
static int open_dirs(struct walk *w)
{
	if (w->upper >= 0)
		return 0;
	const struct walk_frame *f = &w->frames[w->n_frames - 1];
	char end = w->path[f->path_len];
	w->path[f->path_len] = '\0';
	w->upper = open_strict(w->upper_top, w->path, DIR_FLAGS, STRICT);
	set_base(w, open_base(w, w->base_top, w->path));
	w->path[f->path_len] = end;
	return w->upper < 0 ? w->upper : 0;
}

int walk_open_base(
	const struct layer *l, const struct layer_tree *tree, int root, struct err *e)
{
	const char *top = l->base == BASE_HOST ? "/" : l->base_name;
	_cleanup_fd_ int own = -1;
	if (root < 0 && l->base == BASE_IMAGE)
		return -ENOENT;
	if (root < 0) {
		own = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
		root = own;
	}
	int fd = root < 0 ? -errno
			  : open_strict(root, path_rest(tree->path, "/"),
				    O_PATH | O_DIRECTORY | O_CLOEXEC, STRICT);
	if (fd >= 0 || fd == -ENOENT)
		return fd;
	err_sys(e, fd, "cannot open '%s', which the layer '%s' lies over", tree->path,
		l->name);
	return fd == -ELOOP ? err_hint(e, "a link is in its place or above it") : fd;
}

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_names(struct walk_frame *f, int fd, bool fuse)
{
	int copy = openat(fd, ".", DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		int r = -errno;
		fd_close(copy);
		return r;
	}
	errno = 0;
	for (struct dirent *entry; (entry = readdir(d)); errno = 0) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (fuse && overlay_is_opaque_name(name))
			continue;
		if (fuse && overlay_whiteout_of(name))
			name = overlay_whiteout_of(name);
		*ARENA_PUSH(&f->arena, &f->names) = arena_strdup(&f->arena, name);
	}
	int r = -errno;
	closedir(d);
	return r;
}

/* Sorted, each once. */
static void sort_names(struct names *names)
{
	size_t kept = 0;
	if (names->n == 0)
		return;
	qsort(names->v, names->n, sizeof(*names->v), by_name);
	for (size_t i = 0; i < names->n; i++)
		if (i == 0 || strcmp(names->v[i], names->v[kept - 1]) != 0)
			names->v[kept++] = names->v[i];
	names->n = kept;
}

/* ---- going in and out ---- */

static struct walk_frame *new_frame(struct walk *w)
{
	if (w->n_frames == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		struct walk_frame *bigger = realloc(w->frames, room * sizeof(*w->frames));
		if (!bigger)
			return NULL;
		w->frames = bigger;
		w->room = room;
	}
	struct walk_frame *f = &w->frames[w->n_frames];
	*f = (struct walk_frame){ 0 };
	return f;
}

/* Goes into the directories @upper and @base, which become the walk's. */
static int push(struct walk *w, int upper, int base, size_t path_len)
{
	bool in_opaque = w->n_frames > 0 && w->frames[w->n_frames - 1].opaque;
	bool fuse = w->tree->engine == ENGINE_FUSE;
	struct walk_frame *f = new_frame(w);
	close_dirs(w);
	w->upper = upper;
	set_base(w, base);
	if (!f)
		return -ENOMEM;
	f->path_len = path_len;
	f->upper = w->entry.upper;
	f->base = w->entry.base;
	f->marks = overlay_dir_marks(w->tree->engine, upper);
	f->opaque = in_opaque || f->marks == OVERLAY_OPAQUE;
	w->n_frames++;
	int r = read_names(f, upper, fuse);
	if (r == 0 && f->opaque && w->base >= 0)
		r = read_names(f, w->base, false);
	sort_names(&f->names);
	return r;
}

static void pop(struct walk *w)
{
	arena_done(&w->frames[--w->n_frames].arena);
	close_dirs(w);
}

/* Into the directory that was told last. */
static int enter(struct walk *w)
{
	const struct walk_entry *e = &w->entry;
	size_t len = strlen(w->path);
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	int upper = open_strict(w->upper, e->name, DIR_FLAGS, STRICT);
	if (upper < 0)
		return upper;
	int base =
		w->base < 0 && w->blocked ? w->blocked : open_base(w, w->base, e->name);
	return push(w, upper, base, len);
}

/* The path of @name in the last frame's directory. */
static int set_path(struct walk *w, const char *name)
{
	size_t at = w->frames[w->n_frames - 1].path_len, len = strlen(name);
	if (at + len + 2 > w->path_room) {
		size_t room = (at + len + 2) * 2;
		char *bigger = realloc(w->path, room);
		if (!bigger)
			return -ENOMEM;
		w->path = bigger;
		w->path_room = room;
	}
	if (at > 0)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	w->entry.path = w->path;
	w->entry.name = w->path + at;
	return 0;
}

/* ---- one entry ---- */

static int stat_in(int dir, const char *name, struct stat *ret)
{
	*ret = (struct stat){ 0 };
	if (dir < 0 || fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	*ret = (struct stat){ 0 };
	return is_nothing(-errno) ? 0 : -errno;
}

bool walk_same(const struct walk_entry *e, mode_t mode_mask)
{
	mode_t mask = S_IFMT | mode_mask;
	if (S_ISLNK(e->upper.st_mode) && S_ISLNK(e->base.st_mode))
		return same_link(e->upper_dir, e->name, e->base_dir, e->name);
	if ((e->upper.st_mode & mask) != (e->base.st_mode & mask))
		return false;
	if (S_ISREG(e->upper.st_mode))
		return e->upper.st_size == e->base.st_size &&
			same_file(e->engine, e->upper_dir, e->name, e->base_dir, e->name);
	if (S_ISDIR(e->upper.st_mode))
		return same_dir(e->engine, e->upper_dir, e->name, e->base_dir, e->name);
	return e->upper.st_rdev == e->base.st_rdev;
}

static enum change kind_of(const struct walk *w)
{
	const struct walk_entry *e = &w->entry;
	if (!e->upper.st_mode)
		return e->base.st_mode ? CHANGE_REMOVED : CHANGE_NONE;
	if (!e->base.st_mode)
		return CHANGE_ADDED;
	return !(w->flags & WALK_NAMES) && walk_same(e, 07777) ? CHANGE_NONE
							       : CHANGE_CHANGED;
}

/* Looks at @name on both sides; whether there is anything to tell. */
static bool look_at(struct walk *w, const char *name)
{
	const struct walk_frame *f = &w->frames[w->n_frames - 1];
	struct walk_entry *e = &w->entry;
	e->upper_dir = w->upper;
	e->base_dir = w->base;
	e->engine = w->tree->engine;
	e->leave = e->opaque = e->whiteout = false;
	e->code = stat_in(w->upper, name, &e->upper);
	int code = stat_in(w->base, name, &e->base);
	e->code = e->code ? e->code : code ? code : w->blocked;
	e->whiteout =
		overlay_is_whiteout(w->tree->engine, f->marks, w->upper, name, &e->upper);
	if (e->whiteout)
		e->upper = (struct stat){ 0 };
	else if (!e->upper.st_mode && !f->opaque)
		return false; /* it was removed meanwhile */
	e->kind = kind_of(w);
	w->enter = S_ISDIR(e->upper.st_mode);
	if (e->kind == CHANGE_ADDED &&
		place_is_all(w->layer, w->tree, w->upper, name, e->path)) {
		e->kind = CHANGE_NONE;
		w->enter = false;
	}
	return e->kind != CHANGE_NONE || w->enter || w->flags & WALK_ALL;
}

static int next_name(struct walk *w, const char *name, bool *ret_tell)
{
	int r = open_dirs(w);
	if (r == 0)
		r = set_path(w, name);
	if (r < 0)
		return r;
	*ret_tell = look_at(w, name);
	if (*ret_tell && w->enter) {
		int fd = open_strict(w->upper, w->entry.name, DIR_FLAGS, STRICT);
		w->entry.opaque = fd >= 0 &&
			overlay_dir_marks(w->tree->engine, fd) == OVERLAY_OPAQUE;
		fd_close(fd);
		*ret_tell = w->entry.kind != CHANGE_NONE || w->flags & WALK_ALL;
	}
	return 0;
}

/* The directory of the last frame, from outside. */
static int leave(struct walk *w, bool *ret_tell)
{
	struct walk_frame *f = &w->frames[w->n_frames - 1];
	struct walk_entry *e = &w->entry;
	struct stat upper = f->upper, base = f->base;
	*ret_tell = w->n_frames > 1 && w->flags & WALK_LEAVE;
	w->path[f->path_len] = '\0';
	pop(w);
	if (!*ret_tell)
		return 0;
	int r = open_dirs(w);
	char *slash = strrchr(w->path, '/');
	*e = (struct walk_entry){ .path = w->path,
		.name = slash ? slash + 1 : w->path,
		.leave = true,
		.upper = upper,
		.base = base,
		.engine = w->tree->engine,
		.upper_dir = w->upper,
		.base_dir = w->base };
	return r;
}

int walk_begin(struct walk *w, const struct layer *l, const struct layer_tree *tree,
	int base, unsigned flags, struct err *e)
{
	*w = (struct walk){
		.layer = l, .tree = tree, .flags = flags, .base_top = base < 0 ? -1 : base
	};
	w->upper = w->base = -1;
	w->path_room = PATH_MAX;
	w->path = calloc(1, w->path_room);
	w->upper_top = layer_tree_open(l, tree, "upper");
	int r = w->upper_top < 0 ? w->upper_top : w->path ? 0 : -ENOMEM;
	int upper = r < 0 ? r : open_strict(w->upper_top, "", DIR_FLAGS, STRICT);
	r = upper < 0 ? upper : push(w, upper, open_base(w, w->base_top, ""), 0);
	if (r < 0) {
		walk_end(w);
		return err_sys(e, r, "cannot read what the layer '%s' has for '%s'",
			l->name, tree->path);
	}
	return 0;
}

static int failed(struct walk *w, int code, struct err *e)
{
	return err_sys(e, code, "cannot read the layer's '%s/%s'",
		strcmp(w->tree->path, "/") ? w->tree->path : "", w->path);
}

int walk_next(struct walk *w, const struct walk_entry **ret, struct err *e)
{
	bool tell = false;
	*ret = &w->entry;
	while (!tell) {
		int r = 0;
		if (w->enter) {
			w->enter = false;
			size_t depth = w->n_frames;
			r = enter(w);
			if (r == 0)
				continue;
			/* what cannot be looked into is told as such, and passed */
			if (w->n_frames > depth)
				w->frames[depth].next = w->frames[depth].names.n;
			w->entry.kind = CHANGE_NONE;
			w->entry.code = r;
			return 1;
		}
		if (w->n_frames == 0)
			return 0;
		struct walk_frame *f = &w->frames[w->n_frames - 1];
		r = f->next < f->names.n ? next_name(w, f->names.v[f->next++], &tell)
					 : leave(w, &tell);
		if (r < 0)
			return failed(w, r, e);
	}
	return 1;
}

void walk_skip(struct walk *w)
{
	w->enter = false;
}

void walk_end(struct walk *w)
{
	while (w->n_frames > 0)
		pop(w);
	close_dirs(w);
	w->upper_top = fd_close(w->upper_top);
	free(w->frames);
	free(w->path);
	w->frames = NULL;
	w->path = NULL;
}

bool walk_in_opaque(const struct walk *w)
{
	return w->n_frames > 0 && w->frames[w->n_frames - 1].opaque;
}

/* ---- changing the upper without changing what is seen ---- */

static int unfold_names(struct walk *w, int upper, int base)
{
	struct walk_frame f = { 0 };
	int r = read_names(&f, base, false);
	for (size_t i = 0; i < f.names.n && r == 0; i++) {
		const char *name = f.names.v[i];
		struct stat ours, theirs;
		r = stat_in(upper, name, &ours);
		if (r == 0)
			r = stat_in(base, name, &theirs);
		if (r < 0)
			break;
		if (!ours.st_mode)
			r = overlay_put_whiteout(w->tree->engine, upper, name);
		else if (S_ISDIR(ours.st_mode) && S_ISDIR(theirs.st_mode))
			r = overlay_set_opaque(w->tree->engine, upper, name);
	}
	arena_done(&f.arena);
	return r;
}

int walk_unfold(struct walk *w, const struct walk_entry *entry)
{
	struct access ac;
	_cleanup_fd_ int base = -1;
	_cleanup_fd_ int upper =
		open_strict(entry->upper_dir, entry->name, DIR_FLAGS, STRICT);
	if (upper < 0)
		return upper;
	if (S_ISDIR(entry->base.st_mode) &&
		(base = open_base(w, entry->base_dir, entry->name)) < 0)
		return base;
	int r = access_begin(
		&ac, w->layer, w->tree, upper, entry->path, strlen(entry->path));
	if (r == 0 && base >= 0)
		r = unfold_names(w, upper, base);
	if (r == 0)
		r = overlay_clear_opaque(w->tree->engine, upper);
	access_end(&ac);
	return r;
}

/* Makes the directory that @entry is in writable for a moment. */
static int access_parent(
	struct access *ac, const struct walk *w, const struct walk_entry *entry)
{
	size_t len = (size_t)(entry->name - entry->path);
	return access_begin(ac, w->layer, w->tree, entry->upper_dir, entry->path,
		len > 0 ? len - 1 : 0);
}

int walk_drop(const struct walk *w, const struct walk_entry *entry)
{
	struct access ac;
	int r = access_parent(&ac, w, entry);
	if (r == 0 && entry->whiteout)
		r = overlay_drop_whiteout(w->tree->engine, entry->upper_dir, entry->name);
	else if (r == 0 && entry->upper.st_mode)
		r = tree_remove(entry->upper_dir, entry->name);
	access_end(&ac);
	return r;
}

bool walk_drop_dir(const struct walk *w, const struct walk_entry *entry)
{
	struct stat base;
	struct access ac;
	_cleanup_fd_ int fd =
		open_strict(entry->upper_dir, entry->name, DIR_FLAGS, STRICT);
	if (fd < 0 || walk_in_opaque(w) ||
		stat_in(entry->base_dir, entry->name, &base) < 0 ||
		!S_ISDIR(base.st_mode) ||
		(base.st_mode & 07777) != (entry->upper.st_mode & 07777) ||
		overlay_dir_marks(w->tree->engine, fd) == OVERLAY_OPAQUE ||
		!same_dir(entry->engine, entry->upper_dir, entry->name, entry->base_dir,
			entry->name))
		return false;
	bool gone = access_parent(&ac, w, entry) == 0 &&
		unlinkat(entry->upper_dir, entry->name, AT_REMOVEDIR) == 0;
	access_end(&ac);
	return gone;
}
