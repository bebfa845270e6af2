/* SPDX-License-Identifier: MIT */
/* instance.c - the folder that one run keeps its sockets in, and who sweeps it
 *
 * A run that was killed leaves its folder; the lock on it is gone with the process, so
 * the next run that makes one can tell the dead from the living.
 */
#include "resolve/instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

/* Removes the folders whose owner is gone. Failures are the next run's to try again. */
static void sweep(int parent)
{
	int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	if (!d) {
		fd_close(copy);
		return;
	}
	for (struct dirent *entry; (entry = readdir(d));) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		_cleanup_fd_ int fd = openat(parent, entry->d_name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)path_remove_tree(parent, entry->d_name);
	}
	closedir(d);
}

/* A folder of ours, locked: its descriptor, or negative errno; -EEXIST where the name is
 * taken, -ESTALE where a sweep took the folder before it could be locked. */
static int make_locked(int parent, const char *name)
{
	struct stat st;
	if (mkdirat(parent, name, 0700) < 0)
		return -errno;
	_cleanup_fd_ int fd =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -ESTALE : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink == 0 ? -ESTALE : TAKE_FD(fd);
}

static int make_in(struct ready *rd, const char *base, struct err *e)
{
	struct arena *a = rd->plan->arena;
	_cleanup_fd_ int top = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int parent = -1;
	if (top < 0)
		return err_sys(e, -errno, "cannot open '%s' (XDG_RUNTIME_DIR)", base);
	int r = path_make_dirs(top, "sbox", &parent, NULL);
	if (r < 0)
		return err_sys(e, r, "cannot make the folder '%s/sbox'", base);
	sweep(parent);

	enum { TRIES = 100 };
	char *name = NULL;
	int fd = -EEXIST;
	for (unsigned i = 0; i < TRIES && (fd == -EEXIST || fd == -ESTALE); i++) {
		/* the number may be another's too, in another pid namespace */
		name = i == 0 ? arena_printf(a, "%d", (int)getpid())
			      : arena_printf(a, "%d-%u", (int)getpid(), i);
		fd = make_locked(parent, name);
	}
	if (fd < 0)
		return err_sys(e, fd, "cannot make the folder '%s/sbox/%s'", base, name);
	rd->instance_lock_fd = fd;
	rd->instance_dir = arena_printf(a, "%s/sbox/%s", base, name);
	return 0;
}

int instance_dir_make(struct ready *rd, struct err *e)
{
	if (rd->instance_dir)
		return 0;
	if (rd->host.runtime_dir)
		return make_in(rd, rd->host.runtime_dir, e);

	char *dir = arena_strdup(rd->plan->arena, "/tmp/sbox-XXXXXX");
	if (!mkdtemp(dir))
		return err_sys(e, -errno, "cannot make a folder in /tmp");
	rd->instance_dir = dir;
	return 0;
}

void instance_dir_remove(const struct ready *rd)
{
	if (!rd->instance_dir)
		return;
	_cleanup_fd_ int parent = open(path_dirname(rd->plan->arena, rd->instance_dir),
		O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent >= 0)
		(void)path_remove_tree(parent, path_basename(rd->instance_dir));
}
