/* SPDX-License-Identifier: MIT */
/* same.c - whether two files have the same content, and the same attributes for files */
#include "layer/same.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"
#include "layer/attrs.h"

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

bool same_dir(enum layer_engine engine, int upper_dir, const char *upper, int base_dir,
	const char *base)
{
	enum { FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	_cleanup_fd_ int left = openat(upper_dir, upper, FLAGS);
	_cleanup_fd_ int right = left < 0 ? -1 : openat(base_dir, base, FLAGS);
	return right >= 0 && attrs_same(engine, left, right);
}

bool same_file(enum layer_engine engine, int upper_dir, const char *upper, int base_dir,
	const char *base)
{
	_cleanup_fd_ int left = openat(upper_dir, upper, FILE_FLAGS);
	_cleanup_fd_ int right = left < 0 ? -1 : openat(base_dir, base, FILE_FLAGS);
	return right >= 0 && same_bytes(left, right) && attrs_same(engine, left, right);
}

bool same_link(int dir_a, const char *a, int dir_b, const char *b)
{
	char left[PATH_MAX], right[PATH_MAX];
	ssize_t n = readlinkat(dir_a, a, left, sizeof(left));
	return n >= 0 && readlinkat(dir_b, b, right, sizeof(right)) == n &&
		memcmp(left, right, (size_t)n) == 0;
}
