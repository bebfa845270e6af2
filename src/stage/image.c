/* SPDX-License-Identifier: MIT */
/* image.c - what is done to images: import, export, verify, remove
 *
 * An image is made in a hidden folder of the store and gets its name by rename(2) when it is
 * whole and on the disk; it loses the name before anything in it is removed. Such a folder
 * is locked by its maker: one that is not was left by a killed sbox, and the next that makes
 * one removes it.
 */
#include "stage/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "resolve/expand.h"
#include "resolve/image_plan.h"
#include "resolve/resolve.h"
#include "resolve/subid.h"
#include "stage/group.h"
#include "stage/run.h"

static const char making[] = ".new-", removing[] = ".old-";

/* ---- the helper ---- */

/* By the user, who has our exit status tell so, or by somebody else. */
static int ended(int sig, struct err *e)
{
	if (sig != SIGINT && sig != SIGTERM && sig != SIGHUP && sig != SIGQUIT)
		return err_set(e, -EIO, "sbox-image was ended by signal %d", sig);
	err_set(e, -EINTR, "interrupted");
	e->exit_status = EXIT_SIGNAL_BASE + sig;
	return -EINTR;
}

/* Runs it in its sandbox; its exit code, which only 0 and 1 are results. @map: may be NULL. */
static int work(struct arena *a, const struct host *h, const struct image_work *w,
	const char **map, struct err *e)
{
	struct diags d = { .arena = a };
	struct ready rd;
	struct group group;
	struct plan q;
	char words[1];
	bool started = false;

	image_plan(&q, a, h, w);
	int r = resolve_begin(&q, &rd, &d, e);
	if (r == 0)
		r = group_begin(&rd, false, &group, e);
	if (r < 0)
		return r;
	r = resolve_plan(&rd, false, &d, e);
	if (r == 0)
		r = run_sandbox(&rd, &group, words, 0, &started, e);
	else if (d.n > 0)
		r = err_set(e, -EINVAL, "%s", d.v[0].msg);
	if (map)
		*map = image_map(a, &rd.uids);
	group_end(&group);
	resolve_undo(&rd, !started);
	if (r < 0)
		return err_wrap(e, "the sandbox of sbox-image");
	return r > EXIT_SIGNAL_BASE ? ended(r - EXIT_SIGNAL_BASE, e) : r;
}

/* newuidmap(1) has its right from its file, which no_new_privs (another sandbox) takes away;
 * without it all files become the caller's, which is told. */
static bool has_range(struct arena *a, const struct host *h)
{
	char path[64];
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
		proc_find_helper("newuidmap", path, sizeof(path)) &&
		proc_find_helper("newgidmap", path, sizeof(path)) && subid_has(a, h);
}

/* ---- hidden folders ---- */

static int lock_store(const struct image_store *s)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && RETRY(flock(fd, LOCK_EX)) == 0)
		return fd;
	fd_close(fd);
	return -errno;
}

int image_empty_tree(
	struct arena *a, const struct host *h, const char *path, struct err *e)
{
	char *argv[] = { "remove", IMAGE_ROOT, NULL };
	const struct image_work w = {
		.root = path,
		.write = true,
		.any_depth = true,
		.fds = { -1, -1, -1, -1 },
		.argv = argv,
		.range = has_range(a, h),
	};
	return work(a, h, &w, NULL, e);
}

/* Empties the tree in the folder, which is locked, and takes the rest away. */
static int destroy(const struct image_store *s, const struct host *h, const char *name,
	struct err *e)
{
	struct err why = { 0 };
	const char *root = arena_printf(s->a, "%s/%s/root", s->path, name);
	struct stat st;
	int r = 0;
	if (lstat(root, &st) == 0 && S_ISDIR(st.st_mode) && rmdir(root) < 0) {
		r = image_empty_tree(s->a, h, root, &why);
		(void)rmdir(root); /* empty, but perhaps not for us to read */
	}
	int removed = path_remove_tree(s->fd, name);
	if (removed == 0)
		return 0;
	if (r < 0) {
		*e = why;
		return r;
	}
	return r > 0 ? r : err_sys(e, removed, "cannot remove '%s/%s'", s->path, name);
}

enum { DEAD_MAX = 16 };

struct dead {
	const char *name;
	int fd; /* locked */
};

/* What killed ones have left, up to DEAD_MAX. */
static size_t find_dead(const struct image_store *s, struct dead dead[DEAD_MAX])
{
	size_t n = 0;
	_cleanup_fd_ int lock = lock_store(s);
	int copy = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *entry; d && n < DEAD_MAX && (entry = readdir(d));) {
		if (!str_starts(entry->d_name, making) &&
			!str_starts(entry->d_name, removing))
			continue;
		int fd = openat(s->fd, entry->d_name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
			fd_close(fd);
			continue;
		}
		dead[n].name = arena_strdup(s->a, entry->d_name);
		dead[n++].fd = fd;
	}
	if (d)
		closedir(d);
	else
		fd_close(copy);
	return n;
}

static void sweep(const struct image_store *s, const struct host *h)
{
	struct dead dead[DEAD_MAX];
	struct err ignored;
	size_t n = find_dead(s, dead);
	for (size_t i = 0; i < n; i++) {
		if (destroy(s, h, dead[i].name, &ignored) != 0)
			log_info("'%s/%s' could not be removed", s->path, dead[i].name);
		fd_close(dead[i].fd);
	}
}

/* An empty one, locked: its descriptor, or negative errno. */
static int make_hidden(const struct image_store *s, const char **ret_name)
{
	_cleanup_fd_ int lock = lock_store(s), fd = -1;
	if (lock < 0)
		return lock;
	for (unsigned i = 0; i < 100; i++) {
		*ret_name = arena_printf(s->a, "%s%d-%u", making, (int)getpid(), i);
		if (mkdirat(s->fd, *ret_name, 0700) == 0)
			break;
		if (errno != EEXIST)
			return -errno;
	}
	fd = openat(s->fd, *ret_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || mkdirat(fd, "root", 0755) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* ---- import ---- */

static const char *stamp_of(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "%llu:%llu:%lld:%lld.%09ld:%lld.%09ld",
		(unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
		(long long)st->st_size, (long long)st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

/* "debian-12.tar.gz" is "debian-12". */
static const char *name_of(struct arena *a, const char *path)
{
	static const char *const ends[] = { ".gz", ".xz", ".zst", ".bz2", ".tgz", ".txz",
		".tar", ".oci" };
	const char *last = path_basename(path);
	size_t len = strlen(last);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (len > strlen(ends[i]) &&
			strncmp(last + len - strlen(ends[i]), ends[i], strlen(ends[i])) ==
				0)
			len -= strlen(ends[i]);
	char *name = arena_strndup(a, last, len < 48 ? len : 48);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._-",
			    *p))
			*p = '-';
	while (*name == '.' || *name == '-')
		name++;
	return *name ? name : "image";
}

/* An image of the same file, or with the same digest; NULL: there is none. */
static const char *find(const struct image_store *s, const char *stamp,
	const char *digest, struct image_info *ret)
{
	for (const char *const *name = image_names(s); *name; name++) {
		_cleanup_fd_ int fd = image_open(s, *name, false);
		if (fd < 0 || image_read(s, fd, ret) < 0)
			continue;
		if (stamp && ret->stamp && strcmp(ret->stamp, stamp) == 0)
			return *name;
		if (!digest || !ret->digest || strcmp(ret->digest, digest) != 0)
			continue;
		ret->stamp = stamp; /* so that the next run need not look into the file */
		(void)image_write(s->a, fd, ret);
		return *name;
	}
	return NULL;
}

struct import {
	struct image_store store;
	const struct host *h;
	struct image_import *im;
	const char *hidden; /* the folder's name */
	int folder, source; /* -1: a directory */
	const char *path, *stamp;
};

static int unpack(struct import *in, struct err *e)
{
	struct arena *a = in->store.a;
	struct image_info *info = &in->im->ret_info;
	const char *map;
	_cleanup_fd_ int result = memfd_create("result", MFD_CLOEXEC);
	_cleanup_fd_ int manifest = openat(
		in->folder, "manifest", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (result < 0 || manifest < 0)
		return err_sys(e, -errno, "cannot make the image's manifest");
	bool range = in->im->ret_range = has_range(a, in->h);
	char safe[PATH_MAX];
	str_escape_controls(safe, sizeof(safe), in->path);
	char *argv[] = { "import", IMAGE_ROOT, arena_printf(a, "%d", manifest),
		arena_printf(a, "%d", result),
		in->source < 0 ? IMAGE_SOURCE : arena_printf(a, "%d", in->source),
		range ? "range" : "mine", safe, in->im->quiet ? "quiet" : NULL, NULL };
	const struct image_work w = {
		.root = arena_printf(a, "%s/%s/root", in->store.path, in->hidden),
		.write = true,
		.source = in->source < 0 ? in->path : NULL,
		.fds = { manifest, result, in->source, -1 },
		.argv = argv,
		.range = range,
	};
	int r = work(a, in->h, &w, &map, e);
	if (r != 0)
		return r;
	char *text;
	size_t size;
	if (lseek(result, 0, SEEK_SET) < 0 ||
		fd_read_open(a, result, IMAGE_INFO_MAX, &text, &size) < 0 ||
		image_parse(a, text, size, info) < 0 || !info->digest)
		return err_set(e, -EBADMSG, "sbox-image told nothing of its work");
	/* what it read was foreign, and a digest becomes part of a name */
	if (!image_is_digest(info->digest) || !image_is_digest(info->content))
		return err_set(e, -EBADMSG, "sbox-image told no digest");
	info->source = arena_strdup(a, safe);
	info->stamp = in->stamp;
	info->map = range ? map : NULL;
	info->imported = time(NULL);
	return 0;
}

/* From the hidden folder to the image. */
static int give_name(struct import *in, struct err *e)
{
	struct image_import *im = in->im;
	struct arena *a = in->store.a;
	struct image_info other;
	_cleanup_fd_ int lock = lock_store(&in->store);
	im->ret_name = im->name;
	if (im->once) {
		const char *same =
			find(&in->store, in->stamp, im->ret_info.digest, &other);
		if (same) {
			im->ret_name = same;
			im->ret_info = other;
			im->ret_reused = true;
			return 0;
		}
		im->ret_name = arena_printf(a, "%s-%.12s", name_of(a, in->path),
			im->ret_info.digest + strlen("sha256:"));
	}
	int r = image_write(a, in->folder, &im->ret_info);
	if (r == 0 && fsync(in->folder) < 0)
		r = -errno;
	if (r == 0 && renameat(in->store.fd, in->hidden, in->store.fd, im->ret_name) < 0)
		r = -errno;
	if (r == 0 && fsync(in->store.fd) < 0)
		r = -errno;
	if (r == -EEXIST || r == -ENOTEMPTY)
		return err_set(e, -EEXIST, "there is an image '%s' by now", im->ret_name);
	if (r < 0)
		return err_sys(e, r, "cannot write the image '%s'", im->ret_name);
	in->hidden = NULL;
	return 0;
}

/* What holds the folder of images would be copied into itself. */
static int refuse_directory(struct import *in, const char *path, struct err *e)
{
	const char *real = path_real(in->store.a, path);
	if (strcmp(real, "/") == 0)
		return err_set(e, -EINVAL, "the host's own / cannot be imported");
	const char *store = path_real(in->store.a, in->store.path);
	if (path_is_below(store, real))
		return err_set(e, -EINVAL, "'%s' holds the folder of images, '%s'", path,
			in->store.path);
	return 0;
}

static int open_source(struct import *in, struct err *e)
{
	struct stat st;
	char *path;
	if (path_absolute(
		    in->store.a, in->h->cwd ? in->h->cwd : "/", in->im->path, &path) < 0)
		return err_set(e, -EINVAL, "an empty path");
	in->path = path;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, -errno, "cannot read '%s'", path);
	if (S_ISREG(st.st_mode)) {
		in->stamp = stamp_of(in->store.a, &st);
		in->source = TAKE_FD(fd);
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(
			e, -EINVAL, "'%s' is neither a file nor a directory", path);
	return refuse_directory(in, path, e);
}

static int choose_name(struct import *in, struct err *e)
{
	struct image_import *im = in->im;
	if (im->once)
		return 0;
	if (!im->name)
		im->name = name_of(in->store.a, in->path);
	if (!image_is_name(im->name)) {
		err_set(e, -EINVAL, "an image cannot be called '%s'", im->name);
		return err_hint(e,
			"letters, digits, '.', '_' and '-', at most 64; not 'host' or "
			"'empty'");
	}
	_cleanup_fd_ int there = image_open(&in->store, im->name, false);
	if (there == -ENOENT)
		return 0;
	err_set(e, -EEXIST, "there is an image '%s' already", im->name);
	return err_hint(e, "'sbox image remove %s' takes it away; or choose another name",
		im->name);
}

static int tell_interrupted(const struct import *in, bool left, struct err *e)
{
	int status = e->exit_status;
	if (!in->im->quiet && isatty(STDERR_FILENO))
		(void)!write(STDERR_FILENO, "\r\033[K", 4); /* over its progress */
	err_set(e, -EINTR, "interrupted: '%s' is not imported; %s", in->path,
		left ? "what is left of it is removed by the next import"
		     : "nothing is left of it");
	e->exit_status = status;
	return -EINTR;
}

static int import(struct import *in, struct err *e)
{
	struct image_import *im = in->im;
	int r = choose_name(in, e);
	if (r < 0)
		return r;
	if (im->once && in->stamp &&
		(im->ret_name = find(&in->store, in->stamp, NULL, &im->ret_info))) {
		im->ret_reused = true;
		return 0;
	}
	sweep(&in->store, in->h);
	in->folder = make_hidden(&in->store, &in->hidden);
	if (in->folder < 0)
		return err_sys(
			e, in->folder, "cannot make a folder in '%s'", in->store.path);
	r = unpack(in, e);
	if (r < 0 && r != -EINTR)
		err_wrap(e, "importing '%s'", in->path);
	if (r == 0)
		r = give_name(in, e);
	struct err ignored;
	bool left = in->hidden && destroy(&in->store, in->h, in->hidden, &ignored) != 0;
	return r == -EINTR ? tell_interrupted(in, left, e) : r;
}

int image_import(
	struct arena *a, const struct host *h, struct image_import *im, struct err *e)
{
	struct import in = { .im = im, .h = h, .folder = -1, .source = -1 };
	int r = image_store_open(&in.store, a, h, true, e);
	if (r == 0)
		r = open_source(&in, e);
	if (r == 0)
		r = import(&in, e);
	fd_close(in.folder);
	fd_close(in.source);
	image_store_close(&in.store);
	return r;
}

/* ---- the other verbs ---- */

/* Opens the image and its store. */
static int begin(struct image_store *s, struct arena *a, const struct host *h,
	const char *name, bool alone, struct err *e)
{
	int r = image_store_open(s, a, h, false, e);
	if (r < 0)
		return r;
	int fd = image_open(s, name, alone);
	if (fd >= 0)
		return fd;
	if (fd == -EWOULDBLOCK) {
		err_set(e, -EBUSY, "the image '%s' is in use", name);
		return err_hint(e, "'sbox ps' shows what runs");
	}
	return fd == -ENOENT ? image_not_there(s, name, e)
			     : err_sys(e, fd, "cannot open the image '%s'", name);
}

int image_remove(struct arena *a, const struct host *h, const char *name, struct err *e)
{
	struct image_store s;
	int fd = begin(&s, a, h, name, true, e);
	int r = fd < 0 ? fd : 0;
	if (r == 0)
		sweep(&s, h);
	const char *hidden = arena_printf(a, "%s%d-%s", removing, (int)getpid(), name);
	if (r == 0 && renameat(s.fd, name, s.fd, hidden) < 0)
		r = err_sys(e, -errno, "cannot remove the image '%s'", name);
	if (r == 0)
		r = destroy(&s, h, hidden, e);
	fd_close(fd);
	image_store_close(&s);
	return r;
}

static int work_on(struct image_store *s, const struct host *h, const char *name,
	char **argv, int fd, struct err *e)
{
	const struct image_work w = {
		.root = arena_printf(s->a, "%s/%s/root", s->path, name),
		.fds = { fd, -1, -1, -1 },
		.argv = argv,
		.range = has_range(s->a, h),
	};
	return work(s->a, h, &w, NULL, e);
}

int image_verify(struct arena *a, const struct host *h, const char *name, struct err *e)
{
	struct image_store s;
	int fd = begin(&s, a, h, name, false, e), r = fd < 0 ? fd : 0;
	_cleanup_fd_ int manifest =
		r < 0 ? -1 : openat(fd, "manifest", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (r == 0 && manifest < 0)
		r = err_sys(e, -errno, "the image '%s' has no manifest", name);
	if (r == 0) {
		char *argv[] = { "verify", IMAGE_ROOT, arena_printf(a, "%d", manifest),
			NULL };
		r = work_on(&s, h, name, argv, manifest, e);
	}
	fd_close(fd);
	image_store_close(&s);
	return r;
}

static const char *compression_of(const char *file)
{
	static const char *const ends[][2] = { { ".gz", "gz" }, { ".tgz", "gz" },
		{ ".xz", "xz" }, { ".txz", "xz" }, { ".zst", "zst" } };
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_ends(file, ends[i][0]))
			return ends[i][1];
	return "none";
}

static int exists(const char *path, struct err *e)
{
	err_set(e, -EEXIST, "there is a file '%s' already", path);
	return err_hint(e, "--force puts the image in its place");
}

/* The archive that is whole, under its name. */
static int put_in_place(const char *part, const char *path, bool force, struct err *e)
{
	unsigned flags = force ? 0 : RENAME_NOREPLACE;
	int r = renameat2(AT_FDCWD, part, AT_FDCWD, path, flags) < 0 ? -errno : 0;
	if (r == -EINVAL || r == -ENOSYS) /* a file system that cannot say so */
		r = access(path, F_OK) == 0 && !force ? -EEXIST
			: rename(part, path) < 0      ? -errno
						      : 0;
	if (r == -EEXIST)
		return exists(path, e);
	return r < 0 ? err_sys(e, r, "cannot write '%s'", path) : 0;
}

static int write_to(struct image_store *s, const struct host *h, const char *name,
	const char *compression, int out, struct err *e)
{
	char *argv[] = { "export", IMAGE_ROOT, arena_printf(s->a, "%d", out),
		(char *)compression, NULL };
	int r = work_on(s, h, name, argv, out, e);
	if (r != -EINTR)
		return r;
	int status = e->exit_status;
	err_set(e, r, "interrupted: the image '%s' is not exported", name);
	e->exit_status = status;
	return r;
}

/* "-": standard output. */
static int export_out(
	struct image_store *s, const struct host *h, const char *name, struct err *e)
{
	if (isatty(STDOUT_FILENO)) {
		err_set(e, -EINVAL, "an archive is nothing for a terminal");
		return err_hint(e, "name a file, or send it somewhere with > or |");
	}
	_cleanup_fd_ int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (out < 0)
		return err_sys(e, -errno, "cannot write to standard output");
	return write_to(s, h, name, "none", out, e);
}

/* Beside the file, which gets its name when all is written. */
static int export_to(struct image_store *s, const struct host *h,
	const struct image_export *ex, struct err *e)
{
	struct arena *a = s->a;
	struct stat st;
	char *path;
	if (path_absolute(a, h->cwd ? h->cwd : "/", ex->file, &path) < 0)
		return err_set(e, -EINVAL, "an empty path");
	if (!ex->force && lstat(path, &st) == 0)
		return exists(path, e);
	const char *part = arena_printf(a, "%s/.%s.%d", path_dirname(a, path),
		path_basename(path), (int)getpid());
	_cleanup_fd_ int out = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (out < 0)
		return err_sys(e, -errno, "cannot make '%s'", path);
	int r = write_to(s, h, ex->name, compression_of(path), out, e);
	if (r == 0 && fsync(out) < 0)
		r = err_sys(e, -errno, "cannot write '%s'", path);
	if (r == 0)
		r = put_in_place(part, path, ex->force, e);
	if (r != 0)
		(void)unlink(part);
	return r;
}

int image_export(struct arena *a, const struct host *h, const struct image_export *ex,
	struct err *e)
{
	struct image_store s;
	int fd = begin(&s, a, h, ex->name, false, e);
	int r = fd < 0			     ? fd
		: strcmp(ex->file, "-") == 0 ? export_out(&s, h, ex->name, e)
					     : export_to(&s, h, ex, e);
	fd_close(fd);
	image_store_close(&s);
	return r;
}

/* ---- a file as the root ---- */

int image_as_root(struct plan *p, const struct host *h, struct err *e)
{
	struct diags d = { .arena = p->arena };
	struct image_store s;
	struct stat st;
	if (strcmp(p->root, "host") == 0 || strcmp(p->root, "empty") == 0)
		return 0;
	int r = image_store_open(&s, p->arena, h, false, e);
	if (r < 0)
		return r;
	int fd = image_open(&s, p->root, false);
	image_store_close(&s);
	fd_close(fd);
	struct host copy = *h;
	const char *path = fd >= 0
		? NULL
		: expand_path(p->arena, &copy, &d, p->root, false, &p->origin[SET_ROOT]);
	if (!path || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0; /* resolve_root() knows what it is, or says what is wrong */
	if (p->dry_run)
		return err_set(e, -EINVAL,
			"--dry-run imports nothing; 'sbox image import %s' does",
			p->root);
	struct image_import im = { .path = path, .once = true, .quiet = p->quiet };
	r = image_import(p->arena, h, &im, e);
	if (r == 0)
		p->root = im.ret_name;
	return r;
}
