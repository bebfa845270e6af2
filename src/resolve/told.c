/* SPDX-License-Identifier: MIT */
/* told.c - what a user has been told already in this session, not to be told at each start
 *
 * A file each in the folder of all instances, which goes at the user's last logout (in /tmp,
 * at the next boot). Its name begins with a dot, as no instance's does.
 */
#include "resolve/told.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "resolve/instance.h"

static bool has_text(int fd, const char *text)
{
	char old[1024];
	ssize_t n = fd_read_full(fd, old, sizeof(old));
	return n >= 0 && (size_t)n == strlen(text) && memcmp(old, text, (size_t)n) == 0;
}

bool told_before(
	struct arena *a, const struct host *h, const char *about, const char *text)
{
	_cleanup_fd_ int place =
		instance_open_place(instance_place(a, h->uid, h->runtime_dir), true);
	_cleanup_fd_ int fd = place < 0
		? -1
		: openat(place, arena_printf(a, ".told-%s", about),
			  O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	if (has_text(fd, text))
		return true;
	if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		(void)fd_write_all(fd, text, strlen(text));
	return false;
}
