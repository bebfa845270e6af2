/* SPDX-License-Identifier: MIT */
/* store.c - the layers that are kept on disk: their records, locks and trees
 *
 * From "sbox" on no link is followed and all is the caller's own. What is to be removed
 * first loses its name, so that no half of a layer is ever taken for a whole one.
 */
#include "layer/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "layer/record.h"
#include "layer/remove.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static const char removed_suffix[] =
	".removed"; /* behind a '.', which names never have */

bool layer_name_is_good(const char *name)
{
	return str_is_plain_name(name) && isalpha((unsigned char)name[0]) &&
		strcmp(name, "none") != 0 && strcmp(name, "ephemeral") != 0;
}

/* Where a folder of ours is, for messages. */
static const char *place_of(struct arena *a, int fd)
{
	char link[64], path[4096];
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return arena_strdup(a, n < 0 ? "?" : path);
}

/* The exact time: what was changed just before is older (Linux 6.13 gives exact times to
 * files). Where files get the time of the last tick, a change within that tick (10 ms at most)
 * counts as older, too; no program has started and read a file by then. */
static int64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- the folder of all of them ---- */

/* Opens the folder @name, which must be the caller's; closes it to others. */
static int open_own(int dir, const char *name, bool make)
{
	struct stat st;
	if (make && mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	_cleanup_fd_ int fd = openat(dir, name, DIR_FLAGS);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* The missing ones of $XDG_DATA_HOME itself, through links as the user has laid them. */
static void make_data_home(const char *path)
{
	struct arena a = { 0 };
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		(void)mkdir(arena_strndup(&a, path, (size_t)(p - path)), 0700);
	}
	arena_done(&a);
}

static int open_layers(const char *data_home, bool make)
{
	if (make)
		make_data_home(data_home);
	_cleanup_fd_ int data = open(data_home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (data < 0)
		return -errno;
	_cleanup_fd_ int ours = open_own(data, "sbox", make);
	return ours < 0 ? ours : open_own(ours, "layers", make);
}

int layers_open(const char *data_home, bool make, struct err *e)
{
	int fd = open_layers(data_home, make);
	if (fd >= 0)
		return fd;
	if (fd == -ENOENT && !make)
		return err_set(
			e, fd, "there are no layers in '%s/sbox/layers'", data_home);
	err_sys(e, fd, "cannot open '%s/sbox/layers', where layers are kept", data_home);
	if (fd == -EPERM)
		return err_hint(e, "'sbox' and 'layers' must be folders of your own");
	if (fd == -ELOOP || fd == -ENOTDIR)
		return err_hint(e, "from 'sbox' on no part of it may be a link");
	return fd;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int layers_list(struct arena *a, int layers, const char ***ret, struct err *e)
{
	struct {
		const char **v;
		size_t n;
	} names = { 0 };
	int copy = openat(layers, ".", DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		fd_close(copy);
		return err_sys(e, -errno, "cannot read '%s'", place_of(a, layers));
	}
	for (struct dirent *entry; (entry = readdir(d));)
		if (layer_name_is_good(entry->d_name) &&
			(entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			*ARENA_PUSH(a, &names) = arena_strdup(a, entry->d_name);
	closedir(d);
	if (names.n > 0)
		qsort(names.v, names.n, sizeof(*names.v), by_text);
	*ARENA_PUSH(a, &names) = NULL;
	*ret = names.v;
	return 0;
}

/* ---- locks ---- */

/* Who lists or sweeps has a lock for a moment, an instance for as long as it lives. */
static int lock(int fd)
{
	enum { TRIES = 10, PAUSE_NS = 2000000 };
	for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (i == TRIES)
			return -EBUSY;
		(void)nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
	}
	return 0;
}

bool layer_in_use(const struct layer *l)
{
	/* a lock is an open file's, not a process's: so even one's own is met */
	_cleanup_fd_ int fd = openat(l->fd, ".", DIR_FLAGS);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* ---- one ---- */

/* Whether the open folder still has its name: who removed it may have been faster. */
static bool still_there(int layers, const char *name, int fd)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 &&
		fstatat(layers, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* The folder, locked where asked for, or negative errno. */
static int open_folder(int layers, const char *name, unsigned flags)
{
	enum { TRIES = 10 };
	for (unsigned i = 0; i < TRIES; i++) {
		_cleanup_fd_ int fd = open_own(layers, name, flags & LAYER_MAKE);
		if (fd == -ENOENT && flags & LAYER_MAKE)
			continue;
		if (fd < 0)
			return fd;
		int r = flags & LAYER_LOCK ? lock(fd) : 0;
		if (r < 0)
			return r;
		if (still_there(layers, name, fd))
			return TAKE_FD(fd);
	}
	return -EBUSY;
}

static int read_record(struct arena *a, struct layer *l, struct err *e)
{
	struct stat st = { 0 };
	char *text;
	size_t size = 0;
	unsigned version = 0;
	_cleanup_fd_ int fd =
		openat(l->fd, "record", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r = fd < 0 ? -errno : fstat(fd, &st) < 0 ? -errno : 0;
	if (r == -ENOENT && faccessat(l->fd, "trees", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return r; /* it was never made to the end */
	if (r == 0 && S_ISREG(st.st_mode))
		r = fd_read_open(a, fd, RECORD_MAX, &text, &size);
	else if (r == 0)
		r = -EBADMSG;
	if (r == 0)
		r = record_parse(a, text, size, l, &version);
	const char *place = place_of(a, l->fd);
	if (r == -EPROTONOSUPPORT) {
		err_set(e, r, "the layer '%s' was written by a newer sbox", l->name);
		return err_hint(e, "its record '%s/record' has form %u", place, version);
	}
	if (r == -EBADMSG || r == -EFBIG || r == -ENOENT) {
		err_set(e, -EBADMSG, "the layer '%s' is damaged: '%s/record' is %s",
			l->name, place,
			r == -ENOENT ? "missing" : "not what sbox writes");
		return err_hint(e,
			"its files are whole, in '%s/trees'; 'sbox layer remove %s' "
			"gives them up",
			place, l->name);
	}
	return r < 0 ? err_sys(e, r, "cannot read '%s/record'", place) : 0;
}

const char *layer_nearest(struct arena *a, int layers, const char *name)
{
	const char **names;
	struct err ignored;
	return layers_list(a, layers, &names, &ignored) < 0
		? NULL
		: str_nearest_of(name, (const char *const *)names);
}

static int told(struct arena *a, int layers, int code, const char *name, struct err *e)
{
	if (code == -ENOENT) {
		const char *near = layer_nearest(a, layers, name);
		err_set(e, code, "there is no layer '%s'", name);
		if (near)
			return err_hint(e, "did you mean '%s'?", near);
		return err_hint(e, "'sbox layer list' shows those that there are");
	}
	if (code == -EBUSY) {
		err_set(e, code, "the layer '%s' is in use", name);
		return err_hint(e,
			"by a sandbox ('sbox ps' lists them) or another sbox; a run gets a "
			"layer of its own with --layer=NAME");
	}
	err_sys(e, code, "cannot open the layer '%s'", name);
	return code == -EPERM ? err_hint(e, "its folder is not yours") : code;
}

int layer_open(struct arena *a, int layers, const char *name, unsigned flags,
	struct layer *ret, struct err *e)
{
	struct layer l = { .name = arena_strdup(a, name) };
	if (!layer_name_is_good(name)) {
		err_set(e, -EINVAL, "'%s' cannot be the name of a layer", name);
		return err_hint(e,
			"a letter, then letters, digits, '.', '_' and '-', at "
			"most 64 of them; not 'none' nor 'ephemeral'");
	}
	l.fd = open_folder(layers, name, flags);
	if (l.fd < 0)
		return told(a, layers, l.fd, name, e);
	int r = flags & LAYER_UNREAD ? 0 : read_record(a, &l, e);
	if (r == -ENOENT && flags & LAYER_MAKE) {
		l.since_ns = now_ns();
		r = layer_save(&l, e);
		if (r < 0) /* an empty folder would be no layer */
			(void)unlinkat(layers, name, AT_REMOVEDIR);
	} else if (r == -ENOENT) {
		told(a, layers, r, name, e);
	}
	if (r < 0)
		layer_close(&l);
	else
		*ret = l;
	return r;
}

void layer_close(struct layer *l)
{
	l->fd = fd_close(l->fd);
}

int64_t layer_used_ns(const struct layer *l)
{
	struct stat st;
	if (fstatat(l->fd, "record", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

void layer_touch(const struct layer *l)
{
	(void)utimensat(l->fd, "record", NULL, AT_SYMLINK_NOFOLLOW);
}

static int put_record(const struct layer *l, const char *text)
{
	_cleanup_fd_ int fd = openat(l->fd, "record.new",
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(l->fd, "record.new", l->fd, "record") < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(l->fd, "record.new", 0);
	return r == 0 && fsync(l->fd) < 0 ? -errno : r;
}

int layer_save(const struct layer *l, struct err *e)
{
	struct arena a = { 0 };
	int r = put_record(l, record_format(&a, l));
	if (r < 0)
		err_sys(e, r, "cannot write '%s/record'", place_of(&a, l->fd));
	arena_done(&a);
	return r;
}

/* ---- its trees ---- */

const struct layer_tree *layer_find(const struct layer *l, const char *path)
{
	for (size_t i = 0; i < l->trees.n; i++)
		if (strcmp(l->trees.v[i].path, path) == 0)
			return &l->trees.v[i];
	return NULL;
}

/* A folder for a tree. One that there is without being in the record is what a start has
 * left that was killed, and empty; were it not, its number is not taken. */
static int make_tree(int trees, unsigned number)
{
	char name[16];
	(void)snprintf(name, sizeof(name), "%u", number);
	if (mkdirat(trees, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	_cleanup_fd_ int fd = open_own(trees, name, false);
	if (fd < 0)
		return fd;
	(void)unlinkat(fd, "upper", AT_REMOVEDIR);
	if (mkdirat(fd, "upper", 0700) < 0 ||
		(mkdirat(fd, "work", 0700) < 0 && errno != EEXIST))
		return -errno;
	return TAKE_FD(fd);
}

static int add(struct layer *l, unsigned mode, unsigned *ret_number)
{
	unsigned number = 0;
	int tree = -EEXIST;
	_cleanup_fd_ int trees = open_own(l->fd, "trees", true);
	if (trees < 0)
		return trees;
	for (size_t i = 0; i < l->trees.n; i++)
		if (l->trees.v[i].number > number)
			number = l->trees.v[i].number;
	while (tree == -EEXIST && number < LAYER_TREES_MAX)
		tree = make_tree(trees, ++number);
	if (tree < 0)
		return tree;
	_cleanup_fd_ int upper = openat(tree, "upper", DIR_FLAGS);
	fd_close(tree);
	if (upper < 0 || fchmod(upper, mode & 07777) < 0)
		return -errno;
	*ret_number = number;
	return 0;
}

int layer_add(struct arena *a, struct layer *l, const char *path,
	enum layer_engine engine, unsigned mode, struct err *e)
{
	struct layer_tree tree = { .path = arena_strdup(a, path), .engine = engine };
	int r = add(l, mode, &tree.number);
	if (r < 0)
		return err_sys(e, r, "cannot make a place for '%s' in '%s'", path,
			place_of(a, l->fd));
	*ARENA_PUSH(a, &l->trees) = tree;
	return 0;
}

int layer_tree_open(
	const struct layer *l, const struct layer_tree *tree, const char *part)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "trees/%u/%s", tree->number, part);
	int fd = sys_openat2(l->fd, path, (uint64_t)(DIR_FLAGS),
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	/* of a directory that its owner cannot read no more is to be had */
	if (fd < 0 && errno == EACCES)
		fd = sys_openat2(l->fd, path,
			(uint64_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	return fd < 0 ? -errno : fd;
}

static bool is_empty_dir(int fd)
{
	bool empty = true;
	int copy = openat(fd, ".", DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		fd_close(copy);
		return false;
	}
	for (struct dirent *entry; empty && (entry = readdir(d));)
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return empty;
}

bool layer_is_empty(const struct layer *l)
{
	for (size_t i = 0; i < l->trees.n; i++) {
		_cleanup_fd_ int fd = layer_tree_open(l, &l->trees.v[i], "upper");
		if (fd < 0 || !is_empty_dir(fd))
			return false;
	}
	return true;
}

int layer_settle(struct layer *l, struct err *e)
{
	if (!layer_is_empty(l))
		return 0;
	l->since_ns = now_ns();
	return layer_save(l, e);
}

/* ---- its end ---- */

/* What removals have left that were killed. */
static void sweep(int layers)
{
	int copy = openat(layers, ".", DIR_FLAGS);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		fd_close(copy);
		return;
	}
	for (struct dirent *entry; (entry = readdir(d));)
		if (entry->d_name[0] == '.' && str_ends(entry->d_name, removed_suffix))
			(void)tree_remove(layers, entry->d_name);
	closedir(d);
}

int layer_remove(int layers, struct layer *l, struct err *e)
{
	struct arena a = { 0 };
	struct stat st = { 0 };
	int r = fstat(l->fd, &st) < 0 ? -errno : 0;
	/* the number keeps two apart that remove layers of one name */
	const char *name = arena_printf(
		&a, ".%s-%llu%s", l->name, (unsigned long long)st.st_ino, removed_suffix);
	sweep(layers);
	if (r == 0 && renameat(layers, l->name, layers, name) < 0)
		r = -errno;
	if (r == 0) {
		r = tree_remove(l->fd, "trees");
		/* the record goes last: what could not be removed keeps its name */
		if (r == 0)
			r = tree_remove(layers, name);
		else
			(void)renameat(layers, name, layers, l->name);
	}
	if (r < 0)
		err_sys(e, r, "cannot remove all of the layer '%s' in '%s'", l->name,
			place_of(&a, layers));
	arena_done(&a);
	return r;
}
