/* SPDX-License-Identifier: MIT */
/* apply.c - bringing entries of a layer to the host, each whole or not at all
 *
 * Everything is made under one name that only this layer uses, beside its place, and put
 * there by rename(2); a directory that must go is first renamed to it. The journal in the
 * layer's folder says in which directory that was.
 */
#include "layer/apply.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "layer/access.h"
#include "layer/attrs.h"
#include "layer/copy.h"
#include "layer/remove.h"

enum {
	STRICT = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	DIR_FLAGS = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

static const char temp_prefix[] = ".sbox-apply-";

struct linked {
	unsigned tree;
	ino_t upper, host;
	const char *path; /* below the tree's */
};

static int open_strict(int dir, const char *path, int flags, uint64_t resolve)
{
	int fd = RETRY(sys_openat2(dir, *path ? path : ".", (uint64_t)(flags | O_CLOEXEC),
		STRICT | resolve));
	return fd < 0 ? -errno : fd;
}

/* ---- the journal ---- */

/* Takes away what has our name in a directory, if it is the caller's. */
static int clear_temp(const struct applier *ap, int dir)
{
	struct stat st;
	if (fstatat(dir, ap->temp, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return st.st_uid == geteuid() ? tree_remove(dir, ap->temp) : -EEXIST;
}

static int recover(struct applier *ap)
{
	char *dir;
	size_t size;
	int r = fd_read_file(&ap->arena, ap->layer->fd, "journal", PATH_MAX, &dir, &size);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* one that was not written to the end was never acted on */
	if (size > 1 && dir[0] == '/' && dir[size - 1] == '\n') {
		dir[size - 1] = '\0';
		_cleanup_fd_ int top = open("/", O_PATH | DIR_FLAGS);
		_cleanup_fd_ int fd =
			open_strict(top, path_rest(dir, "/"), O_PATH | O_DIRECTORY, 0);
		r = fd >= 0 ? clear_temp(ap, fd) : 0;
	}
	return r < 0 ? r : unlinkat(ap->layer->fd, "journal", 0) < 0 ? -errno : 0;
}

int applier_settle(struct applier *ap, struct layer *l, struct err *e)
{
	int64_t before = l->since_ns;
	int r = layer_settle(l, e);
	if (r < 0)
		return r;
	if (l->since_ns != before) {
		known_forget(ap->layer->fd);
		began_forget(ap->layer->fd);
		return 0;
	}
	r = began_prune(l);
	return r < 0
		? err_sys(e, r, "cannot note what is left in the layer '%s'", l->name)
		: 0;
}

/* ---- beginning, and the end ---- */

int applier_begin(struct applier *ap, const struct layer *l, struct err *e)
{
	struct stat st;
	*ap = (struct applier){ .layer = l, .known.fd = -1 };
	int r = fstat(l->fd, &st) < 0 ? -errno : 0;
	(void)snprintf(ap->temp, sizeof(ap->temp), "%s%llx-%llx", temp_prefix,
		(unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (r == 0)
		r = access_recover(l);
	if (r == 0)
		r = recover(ap);
	if (r == 0)
		r = known_begin(&ap->known, &ap->arena, l->fd);
	if (r == 0)
		r = began_read(&ap->began, &ap->arena, l);
	return r < 0 ? err_sys(e, r, "cannot take away what a killed 'sbox apply' left")
		     : 0;
}

void applier_end(struct applier *ap)
{
	if (ap->journal)
		(void)unlinkat(ap->layer->fd, "journal", 0);
	ap->journal = NULL;
	known_end(&ap->known);
	arena_done(&ap->arena);
}

/* Before anything is made in the directory of @path: written to the journal. */
static int note(struct applier *ap, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	if (len + 2 > sizeof(dir))
		return -ENAMETOOLONG;
	if (ap->journal && strlen(ap->journal) == len &&
		memcmp(ap->journal, path, len) == 0)
		return 0;
	memcpy(dir, path, len);
	dir[len] = '\n';
	_cleanup_fd_ int fd = openat(ap->layer->fd, "journal.new",
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, dir, len + 1);
	if (r == 0 &&
		renameat(ap->layer->fd, "journal.new", ap->layer->fd, "journal") < 0)
		r = -errno;
	if (r == 0)
		ap->journal = arena_strndup(&ap->arena, path, len);
	return r;
}

/* ---- verdicts ---- */

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_newer(const struct applier *ap, const struct stat *st)
{
	return ns(st->st_ctim) > ap->since_ns &&
		!known_is_ours(&ap->known, st, ap->since_ns);
}

static bool may(int dir, const char *name, int how)
{
	return faccessat(dir, name, how, AT_EACCESS) == 0;
}

/* In a sticky directory (/tmp) only one's own can be taken away. */
static bool sticks(const struct stat *dir, const struct stat *st)
{
	uid_t me = geteuid();
	return dir->st_mode & S_ISVTX && me != 0 && dir->st_uid != me && st->st_uid != me;
}

static enum verdict judge_dir(struct applier *ap, int fd, bool soon);

static enum verdict judge_below(struct applier *ap, int dir, const struct stat *dir_st,
	const char *name, bool soon)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? VERDICT_GOOD : VERDICT_RIGHTS;
	if (is_newer(ap, &st))
		return VERDICT_CHANGED;
	if (sticks(dir_st, &st) || !may(dir, ".", W_OK | X_OK))
		return VERDICT_RIGHTS;
	_cleanup_fd_ int fd =
		open_strict(dir, name, O_PATH | O_NOFOLLOW, RESOLVE_NO_XDEV);
	if (fd < 0)
		return fd == -EXDEV ? VERDICT_MOUNT : VERDICT_RIGHTS;
	if (soon && known_add_unnamed(&ap->known, &st) < 0)
		return VERDICT_RIGHTS;
	return S_ISDIR(st.st_mode) ? judge_dir(ap, fd, soon) : VERDICT_GOOD;
}

/* Whether all that is in a directory of the host can go. Deeper than there are descriptors
 * it cannot be looked at, which counts as what the caller cannot have. */
static enum verdict judge_dir(struct applier *ap, int fd, bool soon)
{
	struct stat st;
	enum verdict v = VERDICT_GOOD;
	int copy = openat(fd, ".", O_RDONLY | DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d || fstat(fd, &st) < 0) {
		fd_close(copy);
		return VERDICT_RIGHTS;
	}
	for (struct dirent *entry; v == VERDICT_GOOD && (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			v = judge_below(ap, fd, &st, entry->d_name, soon);
	closedir(d);
	return v;
}

/* What the host has in the place of a change. */
static enum verdict judge_host(
	struct applier *ap, const struct walk_entry *entry, bool soon)
{
	const struct stat *st = &entry->base;
	struct stat dir;
	if (!st->st_mode || (S_ISDIR(st->st_mode) && S_ISDIR(entry->upper.st_mode)))
		return VERDICT_GOOD;
	_cleanup_fd_ int fd = open_strict(
		entry->base_dir, entry->name, O_PATH | O_NOFOLLOW, RESOLVE_NO_XDEV);
	if (fd == -EXDEV)
		return VERDICT_MOUNT;
	if (is_newer(ap, st) && !(entry->upper.st_mode && walk_same(entry, 01777)))
		return VERDICT_CHANGED;
	if (fd < 0 || fstat(entry->base_dir, &dir) < 0 || sticks(&dir, st))
		return VERDICT_RIGHTS;
	if (soon && known_add_unnamed(&ap->known, st) < 0)
		return VERDICT_RIGHTS;
	return S_ISDIR(st->st_mode) ? judge_dir(ap, fd, soon) : VERDICT_GOOD;
}

/* Whether something can be put into the directory, or taken out of it. */
bool applier_may(const struct walk_entry *entry)
{
	struct stat host, upper;
	uid_t me = geteuid();
	bool both = S_ISDIR(entry->upper.st_mode) && S_ISDIR(entry->base.st_mode);
	if (both) /* its mode alone */
		return me == 0 || entry->base.st_uid == me;
	if (entry->base_dir < 0 || may(entry->base_dir, ".", W_OK | X_OK))
		return true;
	/* one's own gets the mode that it has in the layer first */
	return fstat(entry->base_dir, &host) == 0 && host.st_uid == me &&
		fstat(entry->upper_dir, &upper) == 0 && (upper.st_mode & 0300) == 0300 &&
		(host.st_mode & 0300) != 0300;
}

static bool can_be_brought(const struct walk_entry *entry)
{
	mode_t type = entry->upper.st_mode;
	if (str_starts(entry->name, temp_prefix))
		return false;
	return !type || S_ISREG(type) || S_ISDIR(type) || S_ISLNK(type);
}

enum verdict applier_judge(struct applier *ap, const struct walk *w,
	const struct walk_entry *entry, const char *path, bool soon)
{
	if (entry->code)
		return entry->code == -EXDEV	       ? VERDICT_MOUNT
			: entry->code == -ENAMETOOLONG ? VERDICT_NO_PLACE
						       : VERDICT_UNREADABLE;
	if (!can_be_brought(entry))
		return VERDICT_KEPT;
	if (w->base_top < 0 || strlen(path) + sizeof(ap->temp) >= PATH_MAX)
		return VERDICT_NO_PLACE;
	if (!applier_may(entry))
		return VERDICT_RIGHTS;
	if (S_ISREG(entry->upper.st_mode) && !may(entry->upper_dir, entry->name, R_OK))
		return VERDICT_UNREADABLE;
	const struct began_entry *began =
		began_find(&ap->began, w->tree->number, entry->path);
	ap->since_ns = began ? began->since_ns : ap->layer->since_ns;
	if (began && began->held && !entry->base.st_mode && entry->upper.st_mode)
		return VERDICT_GONE;
	return judge_host(ap, entry, soon);
}

/* ---- bringing ---- */

static bool has_more_names(const struct walk_entry *entry)
{
	return S_ISREG(entry->upper.st_mode) && entry->upper.st_nlink > 1;
}

static void note_link(struct applier *ap, const struct walk *w,
	const struct walk_entry *entry, ino_t host)
{
	if (has_more_names(entry))
		*ARENA_PUSH(&ap->arena, &ap->links) = (struct linked){
			.tree = w->tree->number,
			.upper = entry->upper.st_ino,
			.host = host,
			.path = arena_strdup(&ap->arena, entry->path),
		};
}

static const struct linked *find_link(
	const struct applier *ap, const struct walk *w, const struct walk_entry *entry)
{
	for (size_t i = 0; has_more_names(entry) && i < ap->links.n; i++)
		if (ap->links.v[i].upper == entry->upper.st_ino &&
			ap->links.v[i].tree == w->tree->number)
			return &ap->links.v[i];
	return NULL;
}

/* A second name, as @temp, for the host's file that has the first. Whether it could be. */
static bool link_temp(const struct applier *ap, const struct walk *w,
	const struct linked *first, int to)
{
	struct arena a = { 0 };
	struct stat st;
	const char *slash = strrchr(first->path, '/');
	const char *dir = slash ? path_dirname(&a, first->path) : "";
	_cleanup_fd_ int from = open_strict(w->base_top, dir, O_PATH | O_DIRECTORY, 0);
	bool linked = from >= 0 &&
		linkat(from, path_basename(first->path), to, ap->temp, 0) == 0;
	arena_done(&a);
	if (!linked)
		return false;
	/* another program may have put something else there */
	if (fstatat(to, ap->temp, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		st.st_ino == first->host)
		return true;
	(void)unlinkat(to, ap->temp, 0);
	return false;
}

/* A directory of the host that must go goes at once, in whatever time it takes. */
static int remove_host(const struct applier *ap, const struct walk_entry *entry)
{
	if (!S_ISDIR(entry->base.st_mode))
		return unlinkat(entry->base_dir, entry->name, 0) < 0 && errno != ENOENT
			? -errno
			: 0;
	if (renameat(entry->base_dir, entry->name, entry->base_dir, ap->temp) < 0)
		return errno == ENOENT ? 0 : -errno;
	return tree_remove(entry->base_dir, ap->temp);
}

static int make_temp(
	struct applier *ap, const struct walk *w, const struct walk_entry *entry)
{
	if (S_ISLNK(entry->upper.st_mode))
		return copy_link(
			entry->upper_dir, entry->name, entry->base_dir, ap->temp);
	const struct linked *first = find_link(ap, w, entry);
	if (first && link_temp(ap, w, first, entry->base_dir))
		return 0;
	return copy_file(entry->engine, entry->upper_dir, entry->name, entry->base_dir,
		ap->temp, &ap->lost);
}

/* In the place of a directory, or of what is none, at once: at no time there is nothing, which
 * whoever goes on behind a kill would take for a removal. What was there goes then. -EINVAL:
 * the file system cannot. */
static int exchange(const struct applier *ap, const struct walk_entry *entry)
{
	if (renameat2(entry->base_dir, ap->temp, entry->base_dir, entry->name,
		    RENAME_EXCHANGE) < 0)
		return -errno;
	return tree_remove(entry->base_dir, ap->temp);
}

/* Puts what was made into its place; @ret: what that is. */
static int put_file(
	const struct applier *ap, const struct walk_entry *entry, struct stat *ret)
{
	int r = 0, dir = entry->base_dir;
	if (fstatat(dir, ap->temp, ret, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	else if (S_ISDIR(entry->base.st_mode))
		r = exchange(ap, entry);
	else if (renameat(dir, ap->temp, dir, entry->name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, ap->temp, 0);
	return r;
}

static int bring_file(struct applier *ap, const struct walk *w, struct walk_entry entry)
{
	struct stat st;
	int r = make_temp(ap, w, &entry);
	if (r < 0)
		return r;
	r = put_file(ap, &entry, &st);
	if (r == -EINVAL && S_ISDIR(entry.base.st_mode)) {
		r = remove_host(ap, &entry);
		entry.base.st_mode = 0;
		return r < 0 ? r : bring_file(ap, w, entry);
	}
	if (r < 0)
		return r;
	if (!find_link(ap, w, &entry))
		note_link(ap, w, &entry, st.st_ino);
	/* rename(2) of two names of one file does nothing, and says that it has worked */
	(void)unlinkat(entry.base_dir, ap->temp, 0);
	return 0;
}

static int set_mode(const struct walk_entry *entry, mode_t mode)
{
	char path[64];
	struct stat st;
	_cleanup_fd_ int fd = open_strict(
		entry->base_dir, entry->name, O_PATH | DIR_FLAGS, RESOLVE_NO_XDEV);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (st.st_mode & 07777) != mode && chmod(path, mode) < 0 ? -errno : 0;
}

static int replace_by_dir(const struct applier *ap, const struct walk_entry *entry)
{
	if (mkdirat(entry->base_dir, ap->temp, 0700) < 0)
		return -errno;
	int r = exchange(ap, entry);
	if (r < 0)
		(void)unlinkat(entry->base_dir, ap->temp, AT_REMOVEDIR);
	return r == -EINVAL ? remove_host(ap, entry) : r;
}

/* What is brought into it needs access to it; its own mode comes last. */
static int bring_dir(const struct applier *ap, const struct walk_entry *entry)
{
	int r = entry->base.st_mode && !S_ISDIR(entry->base.st_mode)
		? replace_by_dir(ap, entry)
		: 0;
	if (r == 0 && mkdirat(entry->base_dir, entry->name, 0700) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? r : set_mode(entry, copy_mode(entry->upper.st_mode) | 0700);
}

int applier_bring(struct applier *ap, struct walk *w, const struct walk_entry *entry,
	const char *path)
{
	if (entry->kind == CHANGE_NONE) {
		if (has_more_names(entry) && !find_link(ap, w, entry))
			note_link(ap, w, entry, entry->base.st_ino);
		return 0;
	}
	if (entry->base_dir < 0)
		return -ENOENT;
	int r = note(ap, path);
	ap->lost = 0;
	if (r == 0)
		r = clear_temp(ap, entry->base_dir);
	if (r < 0)
		return r;
	if (!entry->upper.st_mode)
		return remove_host(ap, entry);
	return S_ISDIR(entry->upper.st_mode) ? bring_dir(ap, entry)
					     : bring_file(ap, w, *entry);
}

int applier_finish_dir(struct applier *ap, const struct walk_entry *entry)
{
	if (entry->base_dir < 0) /* another program has put something else above it */
		return -ENOTDIR;
	_cleanup_fd_ int from = open_strict(
		entry->upper_dir, entry->name, O_PATH | DIR_FLAGS, RESOLVE_NO_XDEV);
	_cleanup_fd_ int to = open_strict(
		entry->base_dir, entry->name, O_PATH | DIR_FLAGS, RESOLVE_NO_XDEV);
	unsigned mode = copy_mode(entry->upper.st_mode);
	int r = from < 0 ? from : to < 0 ? to : 0;
	ap->lost = 0;
	if (r == 0 && !attrs_same(entry->engine, from, to))
		r = attrs_copy(entry->engine, from, to, to, &ap->lost, &mode);
	return r < 0 ? r : set_mode(entry, mode);
}

/* ---- what was brought leaves the layer ---- */

int applier_drop(struct applier *ap, struct walk *w, const struct walk_entry *entry)
{
	if (entry->leave) {
		(void)walk_drop_dir(w, entry);
		return 0;
	}
	if (entry->code || S_ISDIR(entry->upper.st_mode) || walk_in_opaque(w))
		return 0;
	bool same = entry->whiteout ? !entry->base.st_mode
				    : entry->base.st_mode && walk_same(entry, 01777);
	/* the program may change it again, and then the host's is what it began with */
	int r = same && !entry->whiteout ? known_add_applied(&ap->known, &entry->base)
					 : 0;
	return same && r == 0 ? walk_drop(w, entry) : r;
}
