/* SPDX-License-Identifier: MIT */
/* attrs.c - what a file has besides content and mode: attributes of users, access lists
 *
 * All goes by descriptors that may be O_PATH, so that no right to read a directory is needed.
 * fuse-overlayfs (up to 1.14 at least) copies a file or directory without its access list when
 * it is first written to; what it copied can be told by its marks, and such a lack counts as
 * no change. What programs make anew has the list that they gave it.
 */
#include "layer/attrs.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/str.h"

enum { ACL_VERSION_SIZE = 4, ACL_ENTRY_SIZE = 8, ACL_GROUP_OBJ = 4 };

static const char access_acl[] = "system.posix_acl_access";
static const char default_acl[] = "system.posix_acl_default";
static const char capabilities[] = "security.capability";
static const char fuse_origin[] = "user.fuseoverlayfs.origin";
static const char fuse_opaque[] = "user.fuseoverlayfs.opaque";

/* A file's name that needs no rights above it. */
struct handle {
	char path[32];
};

static struct handle handle_of(int fd)
{
	struct handle h;
	(void)snprintf(h.path, sizeof(h.path), "/proc/self/fd/%d", fd);
	return h;
}

static bool is_users(const char *name)
{
	return str_starts(name, "user.") && !str_starts(name, "user.overlay.") &&
		!str_starts(name, "user.fuseoverlayfs.");
}

static bool is_acl(const char *name)
{
	return strcmp(name, access_acl) == 0 || strcmp(name, default_acl) == 0;
}

/* How many bytes of names; 0 also where there can be none. */
static size_t list(const struct handle *h, char names[XATTR_LIST_MAX])
{
	ssize_t n = listxattr(h->path, names, XATTR_LIST_MAX);
	return n < 0 ? 0 : (size_t)n;
}

static bool has(const struct handle *h, const char *name)
{
	return getxattr(h->path, name, NULL, 0) >= 0;
}

/* Whether the engine may have lost the list called @name of what is in the upper. */
static bool is_lost(
	enum layer_engine engine, const struct handle *upper, const char *name)
{
	struct stat st;
	if (engine != ENGINE_FUSE || !is_acl(name) || has(upper, name) ||
		stat(upper->path, &st) < 0)
		return false;
	return S_ISDIR(st.st_mode) ? !has(upper, fuse_opaque) : has(upper, fuse_origin);
}

/* ---- comparing ---- */

static bool same_value(const struct handle *a, const struct handle *b, const char *name)
{
	char left[XATTR_SIZE_MAX], right[XATTR_SIZE_MAX];
	struct stat st;
	ssize_t n = getxattr(a->path, name, left, sizeof(left));
	if (n < 0 && errno == EACCES) /* one's own directory that one may not read */
		return stat(a->path, &st) == 0 && S_ISDIR(st.st_mode);
	return n >= 0 && getxattr(b->path, name, right, sizeof(right)) == n &&
		memcmp(left, right, (size_t)n) == 0;
}

bool attrs_same(enum layer_engine engine, int upper_fd, int base_fd)
{
	char names[XATTR_LIST_MAX];
	const struct handle upper = handle_of(upper_fd), base = handle_of(base_fd);
	size_t size = list(&upper, names);
	for (size_t i = 0; i < size; i += strlen(names + i) + 1)
		if ((is_users(names + i) || is_acl(names + i)) &&
			!same_value(&upper, &base, names + i))
			return false;
	size = list(&base, names);
	for (size_t i = 0; i < size; i += strlen(names + i) + 1)
		if ((is_users(names + i) || is_acl(names + i)) &&
			!has(&upper, names + i) && !is_lost(engine, &upper, names + i))
			return false;
	return true;
}

/* ---- copying ---- */

/* What the list gives to the file's group; st_mode has what it gives to anybody else. */
static unsigned group_bits(const char *acl, size_t size)
{
	uint16_t tag, bits;
	for (size_t i = ACL_VERSION_SIZE; i + ACL_ENTRY_SIZE <= size;
		i += ACL_ENTRY_SIZE) {
		memcpy(&tag, acl + i, sizeof(tag));
		memcpy(&bits, acl + i + sizeof(tag), sizeof(bits));
		if (le16toh(tag) == ACL_GROUP_OBJ)
			return le16toh(bits) & 7;
	}
	return 0;
}

static int copy_acl(const char *name, const struct handle *from, const struct handle *to,
	unsigned *lost, unsigned *mode)
{
	char value[XATTR_SIZE_MAX];
	ssize_t n = getxattr(from->path, name, value, sizeof(value));
	if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		return -errno;
	if (n < 0)
		return removexattr(to->path, name) < 0 && errno != ENODATA &&
				errno != EOPNOTSUPP
			? -errno
			: 0;
	if (setxattr(to->path, name, value, (size_t)n, 0) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -errno;
	*lost |= LOST_ACL;
	if (strcmp(name, access_acl) == 0)
		*mode &= ~070U | group_bits(value, (size_t)n) << 3;
	return 0;
}

static int copy_users(const struct handle *from, const struct handle *to, unsigned *lost)
{
	char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	size_t size = list(from, names);
	for (size_t i = 0; i < size; i += strlen(names + i) + 1) {
		if (strcmp(names + i, capabilities) == 0)
			*lost |= LOST_CAPABILITIES;
		if (!is_users(names + i))
			continue;
		ssize_t n = getxattr(from->path, names + i, value, sizeof(value));
		if (n < 0)
			return -errno;
		if (setxattr(to->path, names + i, value, (size_t)n, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP)
			return -errno;
		*lost |= LOST_XATTRS;
	}
	return 0;
}

static int remove_users(const struct handle *from, const struct handle *to)
{
	char names[XATTR_LIST_MAX];
	size_t size = list(to, names);
	for (size_t i = 0; i < size; i += strlen(names + i) + 1)
		if (is_users(names + i) && !has(from, names + i) &&
			removexattr(to->path, names + i) < 0 && errno != ENODATA)
			return -errno;
	return 0;
}

int attrs_copy(enum layer_engine engine, int upper_fd, int to_fd, int host_fd,
	unsigned *lost, unsigned *mode)
{
	static const char *const acls[] = { access_acl, default_acl };
	const struct handle upper = handle_of(upper_fd), to = handle_of(to_fd),
			    host = handle_of(host_fd);
	int r = copy_users(&upper, &to, lost);
	if (r == 0)
		r = remove_users(&upper, &to);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(acls); i++) {
		if (!is_lost(engine, &upper, acls[i]))
			r = copy_acl(acls[i], &upper, &to, lost, mode);
		else if (host_fd >= 0)
			r = copy_acl(acls[i], &host, &to, lost, mode);
	}
	return r;
}
