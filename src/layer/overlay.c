/* SPDX-License-Identifier: MIT */
/* overlay.c - whiteouts and opaque directories, as either engine writes them
 *
 * The kernel (userxattr): a character device 0:0; user.overlay.opaque "y". From 6.7 on also
 * an empty file with user.overlay.whiteout, in a directory whose opaque attribute is "x".
 * fuse-overlayfs: a character device 0:0 or, where it cannot be made, a file .wh.NAME; for
 * opaque directories user.fuseoverlayfs.opaque "y" and files .wh..wh..opq or .wh..opq. What
 * is a mark for one engine is an ordinary name or attribute under the other, which programs
 * can set: so only those of the engine count.
 */
#include "layer/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static const char file_prefix[] = ".wh.";
static const char *const opaque_names[] = { ".wh..wh..opq", ".wh..opq" };
static const char *const opaque_xattrs[ENGINE_COUNT] = {
	[ENGINE_KERNEL] = "user.overlay.opaque",
	[ENGINE_FUSE] = "user.fuseoverlayfs.opaque",
};
static const char whiteout_xattr[] = "user.overlay.whiteout";

bool overlay_is_opaque_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(opaque_names); i++)
		if (strcmp(name, opaque_names[i]) == 0)
			return true;
	return false;
}

const char *overlay_whiteout_of(const char *name)
{
	size_t len = sizeof(file_prefix) - 1;
	return str_starts(name, file_prefix) && name[len] ? name + len : NULL;
}

static bool has(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum overlay_dir overlay_dir_marks(enum layer_engine engine, int fd)
{
	char value = 0;
	if (fgetxattr(fd, opaque_xattrs[engine], &value, 1) == 1) {
		if (value == 'y')
			return OVERLAY_OPAQUE;
		if (value == 'x' && engine == ENGINE_KERNEL)
			return OVERLAY_XATTR;
	}
	for (size_t i = 0; engine == ENGINE_FUSE && i < ARRAY_SIZE(opaque_names); i++)
		if (has(fd, opaque_names[i]))
			return OVERLAY_OPAQUE;
	return OVERLAY_MERGED;
}

/* The name of the whiteout file for @name; false: it would be too long for one. */
static bool file_name(char out[256], const char *name)
{
	int n = snprintf(out, 256, "%s%s", file_prefix, name);
	return n > 0 && n < 256;
}

static bool has_xattr_whiteout(int dir, const char *name)
{
	char value;
	_cleanup_fd_ int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && fgetxattr(fd, whiteout_xattr, &value, 1) >= 0;
}

bool overlay_is_whiteout(enum layer_engine engine, enum overlay_dir marks, int dir,
	const char *name, const struct stat *st)
{
	char file[256];
	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0))
		return true;
	if (marks == OVERLAY_XATTR && S_ISREG(st->st_mode) && st->st_size == 0)
		return has_xattr_whiteout(dir, name);
	return engine == ENGINE_FUSE && !st->st_mode && file_name(file, name) &&
		has(dir, file);
}

int overlay_put_whiteout(enum layer_engine engine, int dir, const char *name)
{
	char file[256];
	/* every user may make this one device (5.8) */
	if (mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0 || errno == EEXIST)
		return 0;
	if (errno != EPERM || engine != ENGINE_FUSE || !file_name(file, name))
		return -errno;
	int fd = openat(dir, file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	fd_close(fd);
	return 0;
}

int overlay_drop_whiteout(enum layer_engine engine, int dir, const char *name)
{
	char file[256];
	struct stat st;
	int r = 0;
	/* whoever has the lock has seen it; still nothing else is ever unlinked */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		overlay_is_whiteout(engine, OVERLAY_XATTR, dir, name, &st) &&
		unlinkat(dir, name, 0) < 0)
		r = -errno;
	if (engine == ENGINE_FUSE && file_name(file, name) &&
		unlinkat(dir, file, 0) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int overlay_set_opaque(enum layer_engine engine, int dir, const char *name)
{
	_cleanup_fd_ int fd =
		openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (overlay_dir_marks(engine, fd) == OVERLAY_OPAQUE ||
		fsetxattr(fd, opaque_xattrs[engine], "y", 1, 0) == 0)
		return 0;
	return -errno;
}

int overlay_clear_opaque(enum layer_engine engine, int fd)
{
	int r = 0;
	if (fremovexattr(fd, opaque_xattrs[engine]) < 0 && errno != ENODATA &&
		errno != EOPNOTSUPP)
		r = -errno;
	for (size_t i = 0; engine == ENGINE_FUSE && i < ARRAY_SIZE(opaque_names); i++)
		if (unlinkat(fd, opaque_names[i], 0) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}
