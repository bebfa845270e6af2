/* SPDX-License-Identifier: MIT */
/* fd.h - owning, moving, reading and writing file descriptors
 *
 * A descriptor is -1 or owned by exactly one variable. All are born close-on-exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/macros.h"

struct arena;

/* Closes unless -1; always returns -1. Keeps errno. */
int fd_close(int fd);

static inline void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}
#define _cleanup_fd_ _cleanup_(fd_closep)

/* Moves the descriptor out of a variable. */
#define TAKE_FD(fd) \
	({ \
		int take_fd_ = (fd); \
		(fd) = -1; \
		take_fd_; \
	})

/* Writes all of it. 0 or negative errno. */
int fd_write_all(int fd, const void *data, size_t size);
/* Reads until EOF or until @size bytes are there. Bytes read, or negative errno. */
ssize_t fd_read_full(int fd, void *data, size_t size);
/* Reads a whole file of at most @max bytes into the arena, NUL-terminated (the NUL is not
 * counted). 0, -EFBIG when it is larger, or negative errno. */
int fd_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret,
	size_t *ret_size);
/* Like fd_read_file() for a descriptor that is already open. */
int fd_read_open(struct arena *a, int fd, size_t max, char **ret, size_t *ret_size);
/* Writes a short string to a file that exists (the /proc way): one write(2). */
int fd_write_file(int dirfd, const char *path, const char *text);
/* Closes every descriptor from @first on. async-signal-safe. 0 or negative errno. */
int fd_close_from(unsigned first);
