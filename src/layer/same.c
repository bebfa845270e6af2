/* SPDX-License-Identifier: MIT */
/* same.c - whether two files have the same content, and the same attributes for files */
#include "layer/same.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "layer/walk.h"

enum { FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

static bool same_bytes(int a, int b)
{
	enum { CHUNK = 64 * 1024 };
	char left[CHUNK], right[CHUNK];
	for (;;) {
		ssize_t n = fd_read_full(a, left, CHUNK);
		if (n < 0 || fd_read_full(b, right, CHUNK) != n ||
			memcmp(left, right, (size_t)n) != 0)
			return false;
		if (n < CHUNK)
			return true;
	}
}

/* How many bytes of names; 0 also where there can be none. */
static size_t list(int fd, char names[XATTR_LIST_MAX])
{
	ssize_t n = flistxattr(fd, names, XATTR_LIST_MAX);
	return n < 0 ? 0 : (size_t)n;
}

/* Whether @b has each attribute of @a that counts, with the same value. */
static bool has_xattrs_of(int a, int b)
{
	char names[XATTR_LIST_MAX], left[XATTR_SIZE_MAX], right[XATTR_SIZE_MAX];
	size_t size = list(a, names);
	for (size_t i = 0; i < size; i += strlen(names + i) + 1) {
		if (!walk_xattr_counts(names + i))
			continue;
		ssize_t n = fgetxattr(a, names + i, left, sizeof(left));
		if (n < 0 || fgetxattr(b, names + i, right, sizeof(right)) != n ||
			memcmp(left, right, (size_t)n) != 0)
			return false;
	}
	return true;
}

bool same_file(int dir_a, const char *a, int dir_b, const char *b)
{
	_cleanup_fd_ int left = openat(dir_a, a, FILE_FLAGS);
	_cleanup_fd_ int right = left < 0 ? -1 : openat(dir_b, b, FILE_FLAGS);
	return right >= 0 && same_bytes(left, right) && has_xattrs_of(left, right) &&
		has_xattrs_of(right, left);
}

bool same_link(int dir_a, const char *a, int dir_b, const char *b)
{
	char left[PATH_MAX], right[PATH_MAX];
	ssize_t n = readlinkat(dir_a, a, left, sizeof(left));
	return n >= 0 && readlinkat(dir_b, b, right, sizeof(right)) == n &&
		memcmp(left, right, (size_t)n) == 0;
}
