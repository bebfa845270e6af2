/* SPDX-License-Identifier: MIT */
/* copy.c - one file of a layer copied beside the place where it belongs */
#include "layer/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "layer/attrs.h"

static int copy_bytes(int from, int to, size_t size)
{
	enum { CHUNK = 128 * 1024 };
	char data[CHUNK];
	while (size > 0) {
		ssize_t n = RETRY(read(from, data, size < CHUNK ? size : CHUNK));
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* it was cut off meanwhile */
		int r = fd_write_all(to, data, (size_t)n);
		if (r < 0)
			return r;
		size -= (size_t)n;
	}
	return 0;
}

/* A stretch of data at the same place of both files; shared where the file system can. */
static int copy_stretch(int from, int to, off_t start, off_t end)
{
	off_t in = start, out = start;
	while (in < end) {
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)(end - in), 0);
		if (n <= 0)
			break;
	}
	if (in >= end)
		return 0;
	/* not all file systems can, nor between any two: what is left goes by hand, which
	 * also tells why it cannot be */
	if (lseek(from, in, SEEK_SET) < 0 || lseek(to, in, SEEK_SET) < 0)
		return -errno;
	return copy_bytes(from, to, (size_t)(end - in));
}

static int copy_content(int from, int to, off_t size)
{
	off_t at = 0;
	int r = 0;
	while (r == 0 && at < size) {
		off_t start = lseek(from, at, SEEK_DATA);
		if (start < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		off_t end = start < 0 ? -1 : lseek(from, start, SEEK_HOLE);
		if (end < 0) { /* one that knows no holes */
			start = at;
			end = size;
		}
		r = copy_stretch(from, to, start, end < size ? end : size);
		at = end;
	}
	return r < 0 ? r : ftruncate(to, size) < 0 ? -errno : 0;
}

static int fill(enum layer_engine engine, int from, int to, int host, unsigned *lost)
{
	struct stat st;
	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL; /* it was another one a moment ago */
	unsigned mode = copy_mode(st.st_mode);
	int r = copy_content(from, to, st.st_size);
	if (r == 0)
		r = attrs_copy(engine, from, to, host, lost, &mode);
	if (r < 0)
		return r;
	const struct timespec times[2] = { st.st_atim, st.st_mtim };
	if (fchmod(to, mode) < 0 || futimens(to, times) < 0 || fsync(to) < 0)
		return -errno;
	return 0;
}

int copy_file(enum layer_engine engine, int from, const char *name, int to,
	const char *temp, unsigned *lost)
{
	struct stat st;
	_cleanup_fd_ int in = openat(
		from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (in < 0)
		return -errno;
	_cleanup_fd_ int out = openat(
		to, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	_cleanup_fd_ int host = openat(to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (host >= 0 && (fstat(host, &st) < 0 || !S_ISREG(st.st_mode)))
		host = fd_close(host);
	int r = fill(engine, in, out, host, lost);
	if (r < 0)
		(void)unlinkat(to, temp, 0);
	return r;
}

int copy_link(int from, const char *name, int to, const char *temp)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);
	if (n < 0 || fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, temp) < 0)
		return -errno;
	const struct timespec times[2] = { st.st_atim, st.st_mtim };
	(void)utimensat(to, temp, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}
