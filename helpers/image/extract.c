/* SPDX-License-Identifier: MIT */
/* extract.c - one entry of an archive, made in the tree
 *
 * Everything is made anew (O_EXCL) in a directory that place.c has opened, so no entry can
 * write through what an earlier one has put there. Devices, fifos and sockets are counted
 * and left out: the kernel would refuse most of them, and nothing needs them. Modes are kept
 * as they are, setuid too: outside, the tree is reached through a folder that only the caller
 * enters, and inside no_new_privs makes the bit powerless.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/image.h"

static const char whiteout[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";

void progress(struct image *im, bool last)
{
	struct timespec now;
	static const int64_t every_ns = 200000000;
	if (im->progress_fd < 0)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (!last && ns - im->progress_ns < every_ns)
		return;
	im->progress_ns = ns;
	off_t at = lseek(im->progress_fd, 0, SEEK_CUR);
	if (last)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[K%3d %%  %llu files, %llu MB",
			(int)(im->progress_size > 0 ? at * 100 / im->progress_size : 0),
			(unsigned long long)im->entries,
			(unsigned long long)im->bytes / 1000000);
	(void)fflush(stderr);
}

/* ---- attributes ---- */

static int owner(struct image *im, struct archive_entry *entry, struct line *l)
{
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
	char buf[512];
	if (im->mine)
		return 0;
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return err_set(im->e, -EINVAL, "'%s' has no possible owner",
			shown(l->path, buf));
	l->uid = (uint32_t)uid;
	l->gid = (uint32_t)gid;
	return 0;
}

static int failed(struct image *im, const char *what, const struct line *l)
{
	int code = -errno;
	char buf[512];
	if (code == -EINVAL && strcmp(what, "set the owner of") == 0) {
		err_set(im->e, code, "'%s' belongs to %u:%u, which is outside your range",
			shown(l->path, buf), l->uid, l->gid);
		return err_hint(im->e,
			"an administrator gives a larger one: usermod --add-subuids, "
			"--add-subgids; 65536 ids are usual");
	}
	return err_sys(im->e, code, "cannot %s '%s'", what, shown(l->path, buf));
}

/* A parent with the set-group-ID bit gives what is made in it another group. */
static bool is_owner(const struct stat *st, const struct line *l)
{
	return st->st_uid == l->uid && st->st_gid == l->gid;
}

/* Those of users, and file capabilities; but not what overlays take for their own. */
static bool is_kept(const char *name)
{
	if (strcmp(name, "security.capability") == 0)
		return true;
	return str_starts(name, "user.") && !str_starts(name, "user.overlay.") &&
		!str_starts(name, "user.fuseoverlayfs.") &&
		!str_starts(name, "user.containers.");
}

static void attributes(struct image *im, struct archive_entry *entry, int fd)
{
	const char *name;
	const void *value;
	size_t size;
	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
		if (!name || !is_kept(name) || fsetxattr(fd, name, value, size, 0) < 0)
			im->xattrs++;
}

static void times(struct archive_entry *entry, struct line *l)
{
	l->mtime = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0;
	l->mtime_ns =
		archive_entry_mtime_is_set(entry) ? archive_entry_mtime_nsec(entry) : 0;
	if (l->mtime_ns < 0 || l->mtime_ns > 999999999)
		l->mtime_ns = 0;
}

/* What the file system made of it, which may know fewer times than archives do. */
static int note(struct image *im, struct line *l, int dir, const char *name)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return failed(im, "look at", l);
	if (l->kind != LINE_DIR) {
		l->mtime = st.st_mtim.tv_sec;
		l->mtime_ns = st.st_mtim.tv_nsec;
	}
	return manifest_write(im, l);
}

/* ---- kinds ---- */

static int content(
	struct image *im, struct reader *r, int fd, struct line *l, bool sparse)
{
	struct content c;
	const void *data;
	size_t size;
	int64_t offset, at = 0;
	int n;
	content_begin(&c, sparse);
	while ((n = r->next(r, &data, &size, &offset, im->e)) > 0) {
		if (offset < 0 || offset < at)
			return err_set(
				im->e, -EBADMSG, "'%.100s': its parts overlap", l->path);
		content_add(&c, (uint64_t)offset, data, size);
		at = offset + (int64_t)size;
		for (const char *p = data; size > 0;) {
			ssize_t wrote = RETRY(pwrite(fd, p, size, offset));
			if (wrote < 0)
				return failed(im, "write", l);
			p += wrote;
			offset += wrote;
			size -= (size_t)wrote;
			im->bytes += (uint64_t)wrote;
		}
		progress(im, false);
	}
	if (n < 0)
		return n;
	if (at < (int64_t)l->size && ftruncate(fd, (off_t)l->size) < 0)
		return failed(im, "make room for", l);
	content_end(&c, l->hash);
	return 0;
}

static int make_file(struct image *im, struct archive_entry *entry, struct reader *r,
	struct place *p, struct line *l)
{
	bool sparse = archive_entry_sparse_count(entry) > 0;
	const unsigned special = S_ISUID | S_ISGID | S_ISVTX;
	struct stat st;
	struct timespec at[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = l->mtime, .tv_nsec = l->mtime_ns } };
	_cleanup_fd_ int fd = openat(p->dir, p->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, l->mode & ~special);
	if (fd < 0)
		return failed(im, "make", l);
	l->kind = sparse ? LINE_SPARSE : LINE_FILE;
	l->size = (uint64_t)archive_entry_size(entry);
	int code = content(im, r, fd, l, sparse);
	if (code < 0)
		return code;
	if (fstat(fd, &st) < 0)
		return failed(im, "look at", l);
	l->size =
		(uint64_t)st.st_size; /* a directory's file may have changed meanwhile */
	if (!is_owner(&st, l) && fchown(fd, l->uid, l->gid) < 0)
		return failed(im, "set the owner of", l);
	if (archive_entry_xattr_count(entry) > 0)
		attributes(im, entry, fd);
	/* after fchown(2), which takes the special bits away */
	if ((st.st_mode & 07777) != l->mode && fchmod(fd, l->mode) < 0)
		return failed(im, "set the mode of", l);
	if (futimens(fd, at) < 0)
		return failed(im, "set the time of", l);
	return note(im, l, fd, "");
}

static int make_dir(
	struct image *im, struct archive_entry *entry, struct place *p, struct line *l)
{
	struct stat st;
	const char *name = *p->name ? p->name : ".";
	l->kind = LINE_DIR;
	if (mkdirat(p->dir, name, 0700) < 0 && errno != EEXIST)
		return failed(im, "make", l);
	_cleanup_fd_ int fd =
		openat(p->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(im, "open", l);
	if (!is_owner(&st, l) && fchown(fd, l->uid, l->gid) < 0)
		return failed(im, "set the owner of", l);
	if (archive_entry_xattr_count(entry) > 0)
		attributes(im, entry, fd);
	if (fchmod(fd, l->mode) < 0)
		return failed(im, "set the mode of", l);
	return note(im, l, fd, "");
}

static int make_link(struct image *im, struct place *p, struct line *l)
{
	struct stat st;
	struct timespec at[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = l->mtime, .tv_nsec = l->mtime_ns } };
	l->kind = LINE_LINK;
	l->mode = 0777;
	if (symlinkat(l->target, p->dir, p->name) < 0)
		return failed(im, "make the link", l);
	if (fstatat(p->dir, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(im, "look at", l);
	if (!is_owner(&st, l) &&
		fchownat(p->dir, p->name, l->uid, l->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(im, "set the owner of", l);
	if (utimensat(p->dir, p->name, at, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(im, "set the time of", l);
	return note(im, l, p->dir, p->name);
}

/* Looked up before the new name's place, whose directory is then the open one. */
static int find_target(struct image *im, const char *to, int *ret_dir,
	char name[NAME_MAX + 1], struct line *l)
{
	struct place target = { .name = "" };
	struct stat st;
	char clean[PATH_MAX], buf[512];
	int r = place_clean(im, "a hard link's target", to, clean);
	if (r == 0)
		r = place_find(im, clean, false, &target);
	if (r < 0)
		return r;
	if (fstatat(target.dir, target.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		S_ISDIR(st.st_mode))
		return err_set(im->e, -EINVAL,
			"a hard link leads to '%s', which is no file of the image",
			shown(to, buf));
	(void)snprintf(name, NAME_MAX + 1, "%s", target.name);
	(void)snprintf(l->target, sizeof(l->target), "%s", target.path);
	*ret_dir = fcntl(target.dir, F_DUPFD_CLOEXEC, 3);
	return *ret_dir < 0 ? -errno : 0;
}

static int make_hard_link(
	struct image *im, const char *path, const char *to, struct line *l)
{
	char name[NAME_MAX + 1];
	_cleanup_fd_ int dir = -1;
	struct place p = { .name = "" };
	l->kind = LINE_HARD;
	int r = find_target(im, to, &dir, name, l);
	if (r == 0)
		r = place_find(im, path, true, &p);
	if (r < 0)
		return r;
	(void)snprintf(l->path, sizeof(l->path), "%s", p.path);
	if (strcmp(l->path, l->target) == 0)
		return 0;
	r = place_clear(im, &p, false);
	if (r < 0)
		return r;
	if (linkat(dir, name, p.dir, p.name, 0) < 0)
		return failed(im, "make the hard link", l);
	im->entries++;
	if (im->layered)
		set_add(&im->layer, l->path);
	return manifest_write(im, l);
}

/* Whether a directory of the path, or where @last says so the last name, is a whiteout. */
static bool has_whiteout(const char *path, bool last)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (str_starts(p, whiteout) && (last || strchr(p, '/')))
			return true;
	}
	return false;
}

/* ".wh.NAME": NAME of lower layers is gone; ".wh..wh..opq": all that they have there. */
static int apply_whiteout(struct image *im, const char *path)
{
	char cut[PATH_MAX];
	struct place p = { .name = "" };
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash - path) : 0;
	const char *name = slash ? slash + 1 : path;
	bool all = strcmp(name, opaque) == 0;
	const char *about = all ? "" : name + strlen(whiteout);
	if (!all &&
		(!*about || strcmp(about, ".") == 0 || strcmp(about, "..") == 0 ||
			str_starts(about, whiteout)))
		return 0; /* aufs's own names */
	(void)snprintf(cut, sizeof(cut), "%.*s%s%s", (int)dir, path,
		dir && *about ? "/" : "", about);
	int r = place_find(im, cut, false, &p);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0; /* nothing is there to be hidden */
	if (r < 0)
		return r;
	if (!all)
		return place_clear(im, &p, true);
	/* the directory itself stays */
	set_add(&im->layer, p.path);
	if (*p.name)
		return place_clear(im, &p, true);
	p.name = ".";
	return place_clear(im, &p, true);
}

static int make(struct image *im, const char *path, struct archive_entry *entry,
	struct reader *r, struct line *l)
{
	struct place p = { .name = "" };
	struct stat st;
	mode_t type = archive_entry_filetype(entry);
	int code = place_find(im, path, true, &p);
	if (code == 0) {
		(void)snprintf(l->path, sizeof(l->path), "%s", p.path);
		code = owner(im, entry, l);
	}
	if (code < 0)
		return code;
	if (*p.name && fstatat(p.dir, p.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!(S_ISDIR(st.st_mode) && type == AE_IFDIR)) {
		im->replaced++;
		code = place_clear(im, &p, false);
	}
	if (code < 0)
		return code;
	if (im->layered)
		set_add(&im->layer, l->path);
	im->entries++;
	if (type == AE_IFDIR)
		return make_dir(im, entry, &p, l);
	if (!*p.name)
		return err_set(im->e, -EINVAL, "the top of the tree is no directory");
	return type == AE_IFLNK ? make_link(im, &p, l) : make_file(im, entry, r, &p, l);
}

int extract_entry(struct image *im, struct archive_entry *entry, struct reader *r)
{
	struct line l = { .mode = archive_entry_perm(entry) & 07777 };
	char path[PATH_MAX], buf[512];
	const char *name = archive_entry_pathname(entry);
	const char *hard = archive_entry_hardlink(entry);
	const char *target = archive_entry_symlink(entry);
	mode_t type = archive_entry_filetype(entry);
	if (!name || (type == AE_IFLNK && !hard && !target))
		return err_set(
			im->e, -EILSEQ, "it has a name that cannot be read as text");
	int code = place_clean(im, "the name", name, path);
	if (code < 0)
		return code;
	progress(im, false);
	/* none becomes a file: in an overlay's lower layer it would hide others again */
	if (im->layered && has_whiteout(path, false))
		return 0; /* aufs's own */
	if (im->layered && has_whiteout(path, true))
		return apply_whiteout(im, path);
	if (has_whiteout(path, true)) {
		im->skipped++;
		return 0;
	}
	if (!hard && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK) {
		im->skipped++;
		return 0;
	}
	times(entry, &l);
	if (hard)
		return make_hard_link(im, path, hard, &l);
	if (target && strlen(target) >= sizeof(l.target))
		return err_set(im->e, -ENAMETOOLONG, "'%s' leads to too long a name",
			shown(path, buf));
	if (target)
		(void)snprintf(l.target, sizeof(l.target), "%s", target);
	return make(im, path, entry, r, &l);
}

int extract_finish(struct image *im)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	struct line l;
	place_forget(im);
	if (fflush(im->manifest) != 0 || fseek(im->manifest, 0, SEEK_SET) != 0)
		return err_sys(im->e, -errno, "cannot write the image's manifest");
	while ((n = getline(&text, &room, im->manifest)) > 0) {
		if (text[0] != LINE_DIR || manifest_parse(text, (size_t)n - 1, &l) < 0)
			continue;
		_cleanup_fd_ int fd = sys_openat2(im->root, *l.path ? l.path : ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		struct timespec at[2] = { { .tv_nsec = UTIME_OMIT },
			{ .tv_sec = l.mtime, .tv_nsec = l.mtime_ns } };
		if (fd >= 0) /* else it has gone again */
			(void)futimens(fd, at);
	}
	free(text);
	return 0;
}
