/* SPDX-License-Identifier: MIT */
/* root.c - building the new root by the list of ops, and leaving the old one
 *
 * Every destination is resolved by the kernel, inside the mount that it is planned in
 * (openat2, RESOLVE_BENEATH) or inside the new root (RESOLVE_IN_ROOT): a link that a program
 * planted in its home leads nowhere but into the sandbox (CVE-2026-87766), and puts nothing
 * between a tree and what is hidden or protected in it. Every source is compared with what
 * was looked at before.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "stage/mounter.h"
#include "stage/stage.h"

/* ---- sources ---- */

static int open_same(
	const char *path, int extra_flags, dev_t dev, ino_t ino, enum step *ret_step)
{
	struct stat st;
	*ret_step = STEP_SOURCE;
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC | extra_flags);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != dev || st.st_ino != ino) {
		*ret_step = STEP_CHANGED;
		return -ESTALE;
	}
	return TAKE_FD(fd);
}

/* What keeps a place in a layered tree where it is: it shows what the layer does. */
static bool in_layer_already(const struct mount_op *op)
{
	return op->pin && op->overlaid;
}

/* Should: open every source in our own mount namespace (a descriptor from the parent's
 * cannot be bound, EINVAL) and find there what the parent found. Mustn't: follow a path
 * again afterwards. */
int stage_sources(struct child *c)
{
	const struct ready *rd = c->rd;
	enum { MANY = 200 };
	struct rlimit limit;
	enum step step;

	/* one descriptor a bind; the program's process was forked with the caller's limit */
	if (rd->ops.n > MANY && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* if too low, open() says so */
	}
	for (size_t i = 0; i < rd->ops.n; i++) {
		const struct mount_op *op = &rd->ops.v[i];
		rd->source_fds[i] = rd->top_fds[i] = -1;
		if (op->kind != OP_BIND || in_layer_already(op))
			continue;
		rd->source_fds[i] = open_same(
			op->source, op->link ? O_NOFOLLOW : 0, op->dev, op->ino, &step);
		if (rd->source_fds[i] < 0)
			return stage_fail(c, step, (int)i, rd->source_fds[i]);
	}
	return 0;
}

/* ---- the root ---- */

static bool needs_staging(const struct ready *rd)
{
	for (size_t i = 0; i < rd->ops.n; i++)
		if (rd->ops.v[i].kind == OP_FILE || rd->ops.v[i].kind == OP_HIDE)
			return true;
	return rd->layers && rd->layers->own.fd < 0; /* a layer in memory */
}

/* On top of a tmpfs of ours, which is where a root can be put. */
static int root_overlay(struct child *c, int source)
{
	_cleanup_fd_ int place = c->mounter->root(c, -1, MOUNT_NODEV);
	if (place < 0)
		return stage_fail(c, STEP_ROOT, -1, place);
	c->root_fd =
		overlay_mount(c, c->rd->root.overlay, source, (int)c->rd->ops.n, place);
	return c->root_fd < 0 ? stage_fail(c, STEP_OVERLAY, -1, c->root_fd) : 0;
}

int stage_root(struct child *c)
{
	const struct ready *rd = c->rd;
	enum step step = STEP_ROOT;
	_cleanup_fd_ int source = -1;

	(void)umask(0); /* of this process only: modes are as the plan has them */
	if (needs_staging(rd)) {
		c->staging_fd = c->mounter->root(c, -1, MOUNT_NODEV);
		if (c->staging_fd < 0)
			return stage_fail(c, STEP_ROOT, -1, c->staging_fd);
	}
	if (rd->root.source) {
		source = open_same(rd->root.source, 0, rd->root_dev, rd->root_ino, &step);
		if (source < 0)
			return stage_fail(c, step, -1, source);
	}
	if (rd->root.overlay)
		return root_overlay(c, source);
	bool read_only = rd->root.source && !rd->root.write;
	c->root_fd = c->mounter->root(
		c, source, MOUNT_NODEV | (read_only ? (unsigned)MOUNT_RDONLY : 0));
	return c->root_fd < 0 ? stage_fail(c, STEP_ROOT, -1, c->root_fd) : 0;
}

/* ---- places ---- */

/* Whether what holds the op's destination is a file system of our own making, or a layer:
 * what is made there to mount on is not made on the host. */
static bool may_make_places(const struct ready *rd, const struct mount_op *op)
{
	if (mount_plan_overlaid(&rd->ops, &rd->root, op->parent))
		return true;
	if (op->parent == OP_NO_PARENT)
		return !rd->root.source;
	/* what is hidden lies under one too, and a rule may show something in there */
	return rd->ops.v[op->parent].kind == OP_TMPFS ||
		rd->ops.v[op->parent].kind == OP_HIDE;
}

static bool guards(const struct mount_op *op)
{
	return op->kind == OP_HIDE || op->pin || op->id == SET_PROTECT;
}

/* The mount that holds @op's place, where its top is open; NULL: the root will do. */
static const struct mount_op *tree_of(const struct ready *rd, const struct mount_op *op)
{
	bool open = op->parent != OP_NO_PARENT && rd->top_fds[op->parent] >= 0;
	return open ? &rd->ops.v[op->parent] : NULL;
}

/* @path, which is @op's place or lies on the way to it. It is looked for in the tree that it
 * is planned in, wherever that has come to lie: seen from the root, a tree that a planted
 * link has sent to lie over that very link would be another at its own path, where a second
 * thing of the same name could get what is meant to hide or protect the first. Links that
 * lead out of the tree are followed where no program can have made them. */
static int open_in_tree(
	struct child *c, const struct mount_op *op, const char *path, int extra_flags)
{
	const struct mount_op *tree = tree_of(c->rd, op);
	if (!tree)
		return path_open_in_root(c->root_fd, path, extra_flags);
	const char *rest = path_rest(path, tree->dest);
	int fd = path_open_beneath(
		c->rd->top_fds[op->parent], *rest ? rest : ".", extra_flags);
	bool foreign =
		tree->kind == OP_BIND && tree->write && (!tree->overlaid || guards(op));
	return fd == -EXDEV && !foreign ? path_open_in_root(c->root_fd, path, extra_flags)
					: fd;
}

/* The directory that @op's place lies in; missing ones are made.
 * @path: room for a copy that is cut at its slashes; @ret_name points into it. */
static int open_parent(struct child *c, const struct mount_op *op, char path[PATH_MAX],
	const char **ret_name)
{
	const struct mount_op *tree = tree_of(c->rd, op);
	if (strlen(op->dest) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, op->dest, strlen(op->dest) + 1);
	char *slash = strrchr(path, '/');
	*ret_name = slash + 1;
	if (slash == path)
		return fcntl(c->root_fd, F_DUPFD_CLOEXEC, 3);
	*slash = '\0';
	int fd = open_in_tree(c, op, path, O_DIRECTORY);
	if (fd != -ENOENT)
		return fd;

	/* from the tree's top, each component that is missing */
	for (char *p = path + (tree ? strlen(tree->dest) : 0) + 1;; p++) {
		p += strcspn(p, "/");
		bool last = *p == '\0';
		*p = '\0';
		fd = open_in_tree(c, op, path, O_DIRECTORY);
		if (fd == -ENOENT) {
			char *cut = strrchr(path, '/');
			const char *dir = cut == path ? "/" : path;
			*cut = '\0';
			_cleanup_fd_ int parent = open_in_tree(c, op, dir, O_DIRECTORY);
			*cut = '/';
			if (parent < 0)
				return parent;
			/* mkdirat() never follows a link at the last component */
			if (mkdirat(parent, cut + 1, 0755) < 0)
				return -errno;
			fd = open_in_tree(c, op, path, O_DIRECTORY);
		}
		if (fd < 0 || last)
			return fd;
		fd_close(fd);
		*p = '/';
	}
}

/* What @op is mounted on, made where it is missing in a tmpfs of ours. */
static int open_place(struct child *c, const struct mount_op *op, bool directory)
{
	char path[PATH_MAX];
	const char *name;
	int fd = open_in_tree(c, op, op->dest, 0);
	if (fd != -ENOENT || !may_make_places(c->rd, op))
		return fd;
	_cleanup_fd_ int parent = open_parent(c, op, path, &name);
	if (parent < 0)
		return parent;
	int r = directory ? mkdirat(parent, name, 0755)
			  : mknodat(parent, name, S_IFREG | 0444, 0);
	if (r < 0)
		return -errno;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- ops ---- */

/* @fd: the top of the mount that op @i has made, or negative errno. */
static int keep_top(struct child *c, int i, int fd)
{
	if (fd < 0)
		return fd;
	if (c->rd->ops.v[i].holds || c->rd->ops.v[i].seal)
		c->rd->top_fds[i] = fd;
	else
		fd_close(fd);
	return 0;
}

static int write_new_file(int dir, const char *name, const struct mount_op *op)
{
	_cleanup_fd_ int fd = openat(
		dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = op->content ? fd_write_all(fd, op->content, op->size) : 0;
	if (r == 0 && fchmod(fd, op->mode & 07777) < 0)
		r = -errno;
	return r;
}

/* A file of ours on top of @place, whatever file system that is in. */
static int bind_content(struct child *c, const struct mount_op *op, int i, int place)
{
	char name[16];
	(void)snprintf(name, sizeof(name), "%d", i);
	int r = write_new_file(c->staging_fd, name, op);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd =
		openat(c->staging_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return keep_top(c, i, c->mounter->bind(c, fd, MOUNT_RDONLY | MOUNT_NODEV, place));
}

static int do_file(struct child *c, const struct mount_op *op, int i)
{
	char path[PATH_MAX];
	const char *name;
	_cleanup_fd_ int place = open_in_tree(c, op, op->dest, 0);
	/* what is ours is never a file of a layer, which the next run may not want */
	if (place == -ENOENT &&
		mount_plan_overlaid(&c->rd->ops, &c->rd->root, op->parent))
		place = open_place(c, op, false);
	if (place >= 0)
		return bind_content(c, op, i, place);
	if (place != -ENOENT || !may_make_places(c->rd, op))
		return place;
	_cleanup_fd_ int parent = open_parent(c, op, path, &name);
	return parent < 0 ? parent : write_new_file(parent, name, op);
}

static int do_link(struct child *c, const struct mount_op *op)
{
	char path[PATH_MAX];
	const char *name;
	_cleanup_fd_ int parent = open_parent(c, op, path, &name);
	if (parent < 0)
		return parent;
	return symlinkat(op->source, parent, name) < 0 ? -errno : 0;
}

static int do_dir(struct child *c, const struct mount_op *op)
{
	char path[64];
	_cleanup_fd_ int place = open_place(c, op, true);
	if (place < 0)
		return place;
	/* an O_PATH descriptor cannot be fchmod()ed, its name in /proc can be */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	return chmod(path, op->mode & 07777) < 0 ? -errno : 0;
}

static int do_tmpfs(struct child *c, const struct mount_op *op, int i)
{
	char mode[16], size[32];
	const char *options[] = { "mode", mode, "size", size, NULL };
	_cleanup_fd_ int place = open_place(c, op, true);
	if (place < 0)
		return place;
	(void)snprintf(mode, sizeof(mode), "%04o", (unsigned)op->mode);
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)op->size);
	if (!op->size)
		options[2] = NULL;
	return keep_top(c, i, c->mounter->make(c, "tmpfs", options, MOUNT_NODEV, place));
}

static int do_fs(struct child *c, const struct mount_op *op, const char *type,
	const char *const *options, unsigned flags)
{
	_cleanup_fd_ int place = open_place(c, op, true);
	if (place < 0)
		return place;
	int fd = c->mounter->make(c, type, options, flags, place);
	fd_close(fd);
	return fd < 0 ? fd : 0;
}

static int do_hide(struct child *c, const struct mount_op *op, int i)
{
	const struct mount_op nothing = {
		.kind = OP_HIDE, .dest = op->dest, .parent = op->parent, .mode = 0555
	};
	if (op->directory)
		return do_tmpfs(c, &nothing, i);
	/* a hidden file stays a file (mxc issue 623: a directory confuses programs) */
	_cleanup_fd_ int place = open_in_tree(c, op, op->dest, 0);
	const struct mount_op empty = { .mode = 0444 };
	return place < 0 ? place : bind_content(c, &empty, i, place);
}

static int do_bind(struct child *c, const struct mount_op *op, int i)
{
	_cleanup_fd_ int source = TAKE_FD(c->rd->source_fds[i]);
	_cleanup_fd_ int place = in_layer_already(op)
		? open_in_tree(c, op, op->dest, O_DIRECTORY)
		: op->link ? open_in_tree(c, op, op->dest, O_NOFOLLOW)
			   : open_place(c, op, op->directory);
	if (place < 0)
		return place;
	if (in_layer_already(op))
		return keep_top(c, i, c->mounter->bind(c, place, MOUNT_NODEV, place));
	if (op->overlay)
		return keep_top(c, i, overlay_mount(c, op->overlay, source, i, place));
	unsigned flags =
		(op->write ? 0u : MOUNT_RDONLY) | (op->device ? 0u : MOUNT_NODEV);
	return keep_top(c, i, c->mounter->bind(c, source, flags, place));
}

static int do_op(struct child *c, const struct mount_op *op, int i)
{
	static const char *const none[] = { NULL };
	static const char *const devpts[] = { "newinstance", NULL, "mode", "0620",
		"ptmxmode", "0666", NULL };
	switch (op->kind) {
	case OP_BIND:
		return do_bind(c, op, i);
	case OP_TMPFS:
		return do_tmpfs(c, op, i);
	case OP_PROC:
		return do_fs(c, op, "proc", none, MOUNT_NODEV | MOUNT_NOEXEC);
	case OP_DEVPTS:
		return do_fs(c, op, "devpts", devpts + 2, MOUNT_NOEXEC);
	case OP_DIR:
		return do_dir(c, op);
	case OP_FILE:
		return do_file(c, op, i);
	case OP_LINK:
		return do_link(c, op);
	case OP_HIDE:
		return do_hide(c, op, i);
	case OP_SECRET:
	case OP_PROTECT:
	case OP_KIND_COUNT:
		break;
	}
	return -EINVAL; /* settled by mount_plan_order(); none is left */
}

static enum step step_of(const struct mount_op *op, int error)
{
	if (error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EXDEV)
		return STEP_PLACE;
	return op->overlay ? STEP_OVERLAY : op->kind == OP_FILE ? STEP_FILE : STEP_MOUNT;
}

/* In a layer, what was there to be hidden may have been removed, or something else may have
 * been put in its place: what it shows is then the layer's, no longer the caller's. */
static bool may_be_gone(const struct ready *rd, const struct mount_op *op, int error)
{
	bool overlaid = mount_plan_overlaid(&rd->ops, &rd->root, op->parent);
	bool no_place = error == -ENOENT || error == -ENOTDIR || error == -ELOOP ||
		error == -EXDEV;
	if (overlaid && op->pin)
		return no_place;
	return op->implied && (error == -ENOENT || (overlaid && no_place));
}

/* Until fuse-overlayfs has answered for its trees: the program must not be the first to find
 * that one does not. */
static int await_overlays(struct child *c)
{
	const struct ready *rd = c->rd;
	struct stat st;
	for (size_t i = 0; overlay_servers(rd) > 0 && i < rd->ops.n; i++) {
		const struct mount_op *op = &rd->ops.v[i];
		if (!op->overlay || op->overlay->engine != ENGINE_FUSE)
			continue;
		_cleanup_fd_ int top = path_open_in_root(c->root_fd, op->dest, 0);
		if (top < 0 || fstat(top, &st) < 0)
			return stage_fail(
				c, STEP_OVERLAY, (int)i, top < 0 ? top : -errno);
	}
	if (fstat(c->root_fd, &st) < 0)
		return stage_fail(c, STEP_OVERLAY, -1, -errno);
	return 0;
}

/* Should: carry out the ops in their order, then seal. Mustn't: skip one that fails. */
int stage_mounts(struct child *c)
{
	const struct ready *rd = c->rd;
	for (size_t i = 0; i < rd->ops.n; i++) {
		const struct mount_op *op = &rd->ops.v[i];
		int r = do_op(c, op, (int)i);
		if (r < 0 && may_be_gone(rd, op, r))
			continue;
		if (r < 0)
			return stage_fail(c, step_of(op, r), (int)i, r);
	}
	for (size_t i = 0; i < rd->ops.n; i++) {
		int r = rd->ops.v[i].seal ? c->mounter->seal(c, rd->top_fds[i]) : 0;
		if (r < 0)
			return stage_fail(c, STEP_SEAL, (int)i, r);
	}
	int r = rd->root.source ? 0 : c->mounter->seal(c, c->root_fd);
	return r < 0 ? stage_fail(c, STEP_SEAL, -1, r) : await_overlays(c);
}

/* Mount ids tell exactly (statx, 5.8); inodes tell nearly. */
static int facts_of(int dir, const char *path, int flags, struct root_facts *ret)
{
	struct statx st;
	if (statx(dir, path, flags, STATX_INO | STATX_MNT_ID, &st) < 0)
		return -errno;
	*ret = (struct root_facts){ .inode = st.stx_ino,
		.mount_id = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0,
		.dev_major = st.stx_dev_major,
		.dev_minor = st.stx_dev_minor };
	return 0;
}

static bool same(const struct root_facts *x, const struct root_facts *y)
{
	return x->inode == y->inode && x->mount_id == y->mount_id &&
		x->dev_major == y->dev_major && x->dev_minor == y->dev_minor;
}

int root_facts(const struct child *c, struct root_facts *ret)
{
	return facts_of(c->root_fd, "", AT_EMPTY_PATH, ret);
}

/* ".." from the root stays where it is, but for what is mounted there. */
bool root_is(const struct root_facts *facts)
{
	struct root_facts root = { 0 }, up = { 0 };
	return facts_of(AT_FDCWD, "/", AT_SYMLINK_NOFOLLOW, &root) == 0 &&
		facts_of(AT_FDCWD, "/..", AT_SYMLINK_NOFOLLOW, &up) == 0 &&
		same(&root, facts) && same(&up, facts);
}

/* Should: make the new root ours and let go of the old one with all that is in it.
 * Mustn't: use chroot(2): after it every further user namespace is refused. Mustn't:
 * believe that one unmount was enough: on the old root, which now lies on top of the new
 * one (pivot_root(2), NOTES), something else may lie, and that goes first. */
int stage_pivot(struct child *c)
{
	enum { STACK_MAX = 8 };
	struct root_facts facts = { 0 };
	int r = root_facts(c, &facts);
	if (r < 0)
		return stage_fail(c, STEP_PIVOT, -1, r);
	if (fchdir(c->root_fd) < 0 || sys_pivot_root(".", ".") < 0)
		return stage_fail(c, STEP_PIVOT, -1, -errno);
	for (int i = 0; i == 0 || !root_is(&facts); i++) {
		if (i == STACK_MAX)
			return stage_fail(c, STEP_PIVOT, -1, -EBUSY);
		if (umount2(".", MNT_DETACH) < 0)
			return stage_fail(c, STEP_PIVOT, -1, -errno);
	}
	return chdir("/") < 0 ? stage_fail(c, STEP_PIVOT, -1, -errno) : 0;
}
