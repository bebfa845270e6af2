/* SPDX-License-Identifier: MIT */
/* places.c - the host's side of each mount: sources, homes, and places to mount on
 *
 * A source that lies in a directory which the sandbox may write is opened without leaving
 * that directory: a program that replaced its own folder by a link to ~/.ssh gains nothing
 * at the next start (CVE-2024-42472). A place to mount on that is missing in a tree of the
 * host is made here and registered for undoing, so that the child makes nothing there.
 */
#include "resolve/places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "resolve/overlay.h"
#include "resolve/subid.h"

/* ---- homes ---- */

const char *places_home_inside(struct resolver *r)
{
	if (strcmp(r->p->home, "none") == 0)
		return NULL;
	if (strcmp(r->p->home, "host") != 0 && r->rd->uid == 0)
		return "/root";
	return r->h->home;
}

/* A directory of sbox's own, to go again if the start fails. */
static void remember_own(struct resolver *r, const char *path)
{
	struct undo *undo = ARENA_PUSH(r->a, &r->rd->undos);
	*undo = (struct undo){ .lock_fd = -1,
		.dir_fd = AT_FDCWD,
		.name = path,
		.directory = true,
		.failure_only = true };
}

/* mkdir -p, each directory that was missing remembered. */
static int make_dirs_remembered(struct resolver *r, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	if (strcmp(path, "/") == 0)
		return -ENOENT;
	int code = make_dirs_remembered(r, path_dirname(r->a, path));
	if (code < 0)
		return code;
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	remember_own(r, path);
	return 0;
}

/* path_make_dirs(), what it made remembered: the last ones of @path. */
static int make_own(
	struct resolver *r, int top, const char *top_path, const char *below, int *ret_fd)
{
	unsigned made = 0;
	int code = path_make_dirs(top, below, ret_fd, &made);
	const char *path = arena_printf(r->a, "%s/%s", top_path, below);
	const char *parts[8];
	for (unsigned i = 0; i < made && i < ARRAY_SIZE(parts); i++) {
		parts[i] = path;
		path = path_dirname(r->a, path);
	}
	/* from the top, for what is undone last to hold nothing any more */
	for (unsigned i = made < ARRAY_SIZE(parts) ? made : 0; i-- > 0;)
		remember_own(r, parts[i]);
	return code;
}

/* The folder of all private homes, locked shared: as long as anybody has it so, nobody else's
 * failed start takes away what it made on the way there. -EAGAIN: one is doing that now. */
static int open_homes(struct resolver *r, const char *data)
{
	struct stat st;
	_cleanup_fd_ int top = -1, path = -1;
	int code = make_dirs_remembered(r, data);
	if (code == 0 && (top = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		code = -errno;
	if (code == 0)
		code = make_own(r, top, data, "sbox/homes", &path);
	if (code < 0)
		return code == -ENOENT ? -EAGAIN : code;
	_cleanup_fd_ int fd = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return -errno; /* EWOULDBLOCK, which is EAGAIN */
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink == 0 ? -EAGAIN : TAKE_FD(fd);
}

/* Makes the home @name; what was made goes again only if nobody else uses homes. */
static int make_home(struct resolver *r, const char *data, const char *name, int *ret_fd)
{
	enum { TRIES = 200 };
	size_t before = r->rd->undos.n;
	int homes = -EAGAIN;
	for (unsigned i = 0; i < TRIES && homes == -EAGAIN; i++) {
		if (i > 0)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		homes = open_homes(r, data);
	}
	if (homes < 0)
		return homes;
	const char *path = arena_printf(r->a, "%s/sbox/homes", data);
	/* open for as long as we live */
	*ARENA_PUSH(r->a, &r->rd->trees) =
		(struct locked_tree){ .path = path, .fd = homes };
	int code = make_own(r, homes, path, name, ret_fd);
	for (size_t i = before; i < r->rd->undos.n; i++)
		r->rd->undos.v[i].lock_fd = homes;
	return code;
}

/* ~/.local/share/sbox/homes/NAME; from "sbox" on no link is followed. */
static int private_home(struct resolver *r, const char *name, const char **ret)
{
	const char *data = r->h->vars[VAR_XDG_DATA_HOME];
	const char *path = arena_printf(r->a, "%s/sbox/homes/%s", data, name);
	_cleanup_fd_ int home = -1;
	struct stat st;

	*ret = path;
	if (r->dry)
		return 0;
	int code = make_home(r, data, name, &home);
	if (code == 0 && fstat(home, &st) < 0)
		code = -errno;
	if (code == 0 && st.st_uid != r->h->uid)
		code = -EPERM;
	if (code < 0) {
		err_sys(r->e, code, "cannot make the private home '%s'", path);
		return err_hint(r->e, "%s",
			code == -ENOSPC || code == -EDQUOT
				? "the disk is full; make room, or run with --home=ephemeral"
				: code == -ELOOP || code == -ENOTDIR
				? "from 'sbox' on no part of it may be a link"
				: "look at who owns it, or run with --home=ephemeral");
	}
	return 0;
}

int places_home(struct resolver *r)
{
	const char *kind = r->p->home, *dest = r->rd->home, *source;
	const struct origin *at = &r->p->origin[SET_HOME];
	if (!dest)
		return 0;
	if (strcmp(kind, "ephemeral") == 0) {
		wish(r, OP_TMPFS, dest, SET_HOME, at)->mode = 0700;
		return 0;
	}
	source = r->h->home;
	if (strcmp(kind, "host") != 0) {
		const char *name = kind[7] == ':' ? kind + 8
			: r->p->profile_name	  ? r->p->profile_name
						  : "default";
		int code = private_home(r, name, &source);
		if (code < 0)
			return code;
	}
	struct mount_op *op = wish(r, OP_BIND, dest, SET_HOME, at);
	op->source = source;
	op->write = true;
	op->overlaid = strcmp(kind, "host") == 0 && overlay_wanted(r->p);
	return 0;
}

/* ---- sources ---- */

/* The nearest other op that shows, writable, a directory above this source. */
static const struct mount_op *writable_above(const struct mount_ops *ops, size_t which)
{
	const struct mount_op *best = NULL;
	const char *source = ops->v[which].source;
	for (size_t i = 0; i < ops->n; i++) {
		const struct mount_op *op = &ops->v[i];
		if (i == which || op->kind != OP_BIND || !op->write || op->device ||
			op->overlaid || !path_is_below(source, op->source) ||
			strcmp(source, op->source) == 0)
			continue;
		if (!best || path_depth(op->source) > path_depth(best->source))
			best = op;
	}
	return best;
}

static int open_source(const struct mount_ops *ops, size_t which)
{
	const struct mount_op *op = &ops->v[which];
	const struct mount_op *above = writable_above(ops, which);
	int flags = op->link ? O_NOFOLLOW : 0;
	if (!above) {
		int fd = open(op->source, O_PATH | O_CLOEXEC | flags);
		return fd < 0 ? -errno : fd;
	}
	_cleanup_fd_ int top = open(above->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	return path_open_beneath(top, path_rest(op->source, above->source), flags);
}

/* Whether @fd is what the guards took the rule's source for. A program of another instance
 * that may write on the way could have put a link there since then. */
static bool is_as_guarded(const struct mount_op *op, int fd)
{
	char path[64], real[PATH_MAX];
	if (!op->real)
		return true;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(path, real, sizeof(real) - 1);
	if (n <= 0)
		return false;
	real[n] = '\0';
	/* as some file systems tell names in other letters than they were asked with */
	return strcasecmp(real, op->real) == 0;
}

/* A link of the host's system (/bin -> usr/bin) stays a link where its target is shown. */
static bool becomes_link(struct resolver *r, struct mount_op *op)
{
	char target[PATH_MAX], real[PATH_MAX];
	const struct mount_ops *ops = &r->rd->ops;
	bool in_tmpfs = op->parent == OP_NO_PARENT ? !r->rd->root.source
						   : ops->v[op->parent].kind == OP_TMPFS;
	if (!in_tmpfs || strcmp(op->source, op->dest) != 0)
		return false;
	ssize_t n = readlink(op->source, target, sizeof(target) - 1);
	if (n <= 0 || !realpath(op->source, real))
		return false;
	target[n] = '\0';
	if (!mount_plan_shows(ops, &r->rd->root, real))
		return false;
	op->kind = OP_LINK;
	op->source = arena_strdup(r->a, target);
	return true;
}

static void look_at_source(struct resolver *r, size_t which)
{
	struct mount_op *op = &r->rd->ops.v[which];
	struct stat st;
	if (op->kind != OP_BIND && op->kind != OP_HIDE)
		return;
	if (op->kind == OP_BIND && becomes_link(r, op))
		return;
	_cleanup_fd_ int fd = open_source(&r->rd->ops, which);
	if (fd >= 0 && is_as_guarded(op, fd) && fstat(fd, &st) == 0) {
		op->dev = st.st_dev;
		op->ino = st.st_ino;
		op->directory = S_ISDIR(st.st_mode);
		op->seal = op->kind == OP_HIDE && op->directory;
		return;
	}
	int code = fd >= 0 ? -ESTALE : fd;
	if (r->dry && code == -ENOENT) {
		op->directory = true; /* a private home that is not made yet */
		return;
	}
	struct diag *d = diag_add(r->d, &op->at, "'%s': %s", op->source, strerror(-code));
	if (code == -ESTALE)
		d->hint =
			"it became something else while it was looked at; who can write on "
			"the way to it does that";
	else if (code == -EXDEV)
		d->hint =
			"a link leads out of a directory that the sandbox may write; such a "
			"link is not followed";
	else if (code == -EACCES && op->kind == OP_HIDE)
		d->hint =
			"it could be opened inside, and what cannot be looked at cannot be "
			"hidden; allow yourself to search the directory that it lies in";
}

/* ---- places to mount on ---- */

/* Whether there is nothing at @host for any program inside. What cannot be looked at may be
 * there all the same: who owns the directory above it can open that. */
static bool is_missing(struct resolver *r, const char *host)
{
	struct stat st;
	if (lstat(host, &st) == 0)
		return false;
	if (errno != EACCES)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	do
		host = path_dirname(r->a, host);
	while (lstat(host, &st) < 0);
	return !subid_is_mapped(&r->rd->uids, st.st_uid);
}

/* An op that has nothing to act on and need not have. */
static bool has_no_place(
	struct resolver *r, const struct mount_ops *ops, const struct mount_op *op)
{
	const char *host =
		mount_plan_source(r->a, ops, &r->rd->root, op->parent, op->dest);
	if (!host)
		return false;
	/* another root's own tree is as it is, and so is one with a layer over it */
	bool own_tree = op->parent == OP_NO_PARENT || ops->v[op->parent].id == SET_ROOT ||
		ops->v[op->parent].overlaid;
	if (own_tree && (op->kind == OP_DIR || op->kind == OP_LINK))
		return true;
	if (op->make_dir || !is_missing(r, host))
		return false;
	if (op->kind == OP_HIDE || op->implied)
		return true;
	return op->kind == OP_BIND && op->id == SET_PROTECT;
}

/* A tree of the host in which places are made. */
struct tree {
	const char *path;
	int top; /* its open directory, locked shared */
	bool keep; /* what is made goes again only after a failed start */
};

/* Makes what is missing of @path, relative to the top of the tree. */
static int make_place(
	struct resolver *r, const struct tree *tree, const char *path, bool directory)
{
	_cleanup_fd_ int there = path_open_beneath(tree->top, path, O_NOFOLLOW);
	if (there != -ENOENT)
		return there < 0 ? there : 0;
	const char *parent = path_dirname(r->a, path);
	_cleanup_fd_ int dir = -1;
	if (strcmp(parent, ".") != 0) {
		int code = make_place(r, tree, parent, true);
		if (code < 0)
			return code;
		dir = path_open_beneath(tree->top, parent, O_DIRECTORY);
		if (dir < 0)
			return dir;
	} else {
		dir = fcntl(tree->top, F_DUPFD_CLOEXEC, 3);
		if (dir < 0)
			return -errno;
	}
	const char *name = path_basename(path);
	int code = directory ? mkdirat(dir, name, 0700)
			     : mknodat(dir, name, S_IFREG | 0600, 0);
	if (code < 0)
		return errno == EEXIST ? 0 : -errno;
	struct undo *undo = ARENA_PUSH(r->a, &r->rd->undos);
	*undo = (struct undo){ .lock_fd = tree->top,
		.dir_fd = TAKE_FD(dir),
		.name = name,
		.directory = directory,
		.failure_only = tree->keep };
	return 0;
}

/* Opens the top of a tree, once: two opens of ours would lock each other out. */
static int tree_open(struct resolver *r, struct tree *tree)
{
	struct locked_trees *trees = &r->rd->trees;
	for (size_t i = 0; i < trees->n; i++)
		if (strcmp(trees->v[i].path, tree->path) == 0) {
			tree->top = trees->v[i].fd;
			return 0;
		}
	tree->top = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->top < 0)
		return -errno;
	/* who finds it free of others may take places away again */
	(void)flock(tree->top, LOCK_SH | LOCK_NB);
	*ARENA_PUSH(r->a, trees) =
		(struct locked_tree){ .path = tree->path, .fd = tree->top };
	return 0; /* open for as long as we live: places_undo() needs it */
}

/* The place in a tree of the host that @op is mounted on, made where it is missing. */
static void look_at_place(struct resolver *r, struct mount_op *op)
{
	const struct mount_ops *ops = &r->rd->ops;
	const struct mount_op *parent =
		op->parent == OP_NO_PARENT ? NULL : &ops->v[op->parent];
	const char *tree = parent ? parent->source : r->rd->root.source;
	struct stat st;
	if ((parent && parent->kind != OP_BIND) || !tree || op->pin ||
		mount_plan_overlaid(ops, &r->rd->root, op->parent) ||
		(op->kind == OP_HIDE && !op->make_dir))
		return;
	const char *path = path_rest(op->dest, parent ? parent->dest : "/");
	const char *host = arena_printf(r->a, "%s/%s", tree, path);
	bool may_make = (!parent || parent->write) && !r->dry;
	struct tree at = { .path = tree };
	/* before it is looked for: another run may have made it, and be about to end */
	int code = may_make ? tree_open(r, &at) : -EROFS;
	if (lstat(host, &st) == 0 && op->kind != OP_LINK)
		return;
	if (op->kind == OP_DIR || op->kind == OP_LINK) {
		diag_add(r->d, &op->at,
			"'%s' would be made in '%s', a directory of the host", op->dest,
			tree)
			->hint =
			"link and dir are for the parts of the root that sbox makes";
		return;
	}
	if (r->dry && (!parent || parent->write))
		return;
	bool directory = op->make_dir ||
		(op->kind == OP_BIND ? op->directory : op->kind != OP_FILE);
	/* in a private home an empty folder is no harm, and another instance may use it */
	at.keep = op->make_dir ||
		(parent && parent->id == SET_HOME && strcmp(r->p->home, "host") != 0);
	if (code == 0)
		code = make_place(r, &at, path, directory);
	if (code == 0)
		return;
	struct diag *d = diag_add(r->d, &op->at,
		"there is no '%s' to show something at: %s", op->dest, strerror(-code));
	d->hint = code == -EXDEV || code == -ELOOP
		? arena_printf(r->a,
			  "a link on the way leads out of '%s'; it is not followed", tree)
		: arena_printf(r->a,
			  "it lies in '%s', %s; make it there, or choose another place with "
			  "bind",
			  tree,
			  code == -EROFS ? "which is read-only inside"
					 : "where it cannot be made");
}

int places_settle(struct resolver *r)
{
	struct mount_ops *ops = &r->rd->ops;

	struct mount_ops kept = { .v = ops->v };
	for (size_t i = 0; i < ops->n; i++) {
		struct mount_op op = ops->v[i];
		op.parent = mount_plan_parent(&kept, op.dest); /* places move as ops go */
		if (!has_no_place(r, &kept, &op))
			kept.v[kept.n++] = op;
	}
	*ops = kept;
	for (size_t i = 0; i < ops->n; i++)
		if (ops->v[i].make_dir)
			look_at_place(r, &ops->v[i]);
	mount_plan_pin(r->a, ops, &r->rd->root);
	for (size_t i = 0; i < ops->n; i++)
		look_at_source(r, i);
	if (r->d->n > 0)
		return 0;
	for (size_t i = 0; i < ops->n; i++) {
		look_at_place(r, &ops->v[i]);
		if (ops->v[i].parent != OP_NO_PARENT)
			ops->v[ops->v[i].parent].holds = true;
	}
	return 0;
}

void places_undo(const struct ready *rd, bool failed)
{
	/* newest first, so that what was made inside another goes before it */
	for (size_t i = rd->undos.n; i-- > 0;) {
		const struct undo *undo = &rd->undos.v[i];
		struct stat st;
		if (undo->failure_only && !failed)
			continue;
		/* another instance may have mounted there: removing the place would unmount
		 * it in that one */
		if (undo->lock_fd >= 0 && flock(undo->lock_fd, LOCK_EX | LOCK_NB) < 0)
			continue;
		if (undo->directory)
			(void)unlinkat(undo->dir_fd, undo->name, AT_REMOVEDIR);
		else if (fstatat(undo->dir_fd, undo->name, &st, AT_SYMLINK_NOFOLLOW) ==
				0 &&
			S_ISREG(st.st_mode) && st.st_size == 0)
			(void)unlinkat(undo->dir_fd, undo->name, 0);
	}
	/* what is left for us to do may last: to tell of it, above all, to who does not read */
	for (size_t i = 0; i < rd->undos.n; i++)
		if (rd->undos.v[i].lock_fd >= 0)
			(void)flock(rd->undos.v[i].lock_fd, LOCK_UN);
}
