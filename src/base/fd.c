/* SPDX-License-Identifier: MIT */
/* fd.c - owning, moving, reading and writing file descriptors */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/sys.h"

int fd_close(int fd)
{
	int saved = errno;
	if (fd >= 0)
		(void)close(fd); /* Linux frees the number whatever close(2) says */
	errno = saved;
	return -1;
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *p = data;
	while (size > 0) {
		ssize_t n = RETRY(write(fd, p, size));
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *data, size_t size)
{
	char *p = data;
	size_t done = 0;
	while (done < size) {
		ssize_t n = RETRY(read(fd, p + done, size - done));
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_read_open(struct arena *a, int fd, size_t max, char **ret, size_t *ret_size)
{
	size_t cap = 4096, used = 0;
	char *buf = arena_alloc(a, cap + 1);

	for (;;) {
		ssize_t n = fd_read_full(fd, buf + used, cap - used);
		if (n < 0)
			return (int)n;
		used += (size_t)n;
		if (used > max)
			return -EFBIG;
		if (used < cap)
			break;
		char *bigger = arena_alloc(a, cap * 4 + 1);
		memcpy(bigger, buf, used);
		buf = bigger;
		cap *= 4;
	}
	buf[used] = '\0';
	*ret = buf;
	if (ret_size)
		*ret_size = used;
	return 0;
}

int fd_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret,
	size_t *ret_size)
{
	/* a pipe in the place of a file has no writer to be waited for */
	_cleanup_fd_ int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	return fd_read_open(a, fd, max, ret, ret_size);
}

int fd_write_file(int dirfd, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size_t len = strlen(text);
	ssize_t n = RETRY(write(fd, text, len));
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int fd_close_from(unsigned first)
{
	return sys_close_range(first, ~0U, 0) < 0 ? -errno : 0;
}
