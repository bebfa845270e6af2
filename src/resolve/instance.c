/* SPDX-License-Identifier: MIT */
/* instance.c - the folder of one running instance: making, locking, sweeping it
 *
 * Two locks are on it while its supervisor lives, and go with it however it ends. flock(2)
 * keeps those apart who make and who sweep a folder. The record lock of fcntl(2) answers
 * who lives there: the kernel tells its owner's pid, translated into the asker's pid
 * namespace, where a number in a file would mean somebody else in a container that shares
 * the folder, and after the owner's end. Neither needs any memory but the kernel's.
 */
#include "resolve/instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "config/value.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* ---- the place of all of them ---- */

static bool is_dir_of(const char *path, uid_t uid)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;
}

const char *instance_place(struct arena *a, uid_t uid, const char *runtime_dir)
{
	/* a variable that su(1) has kept names another user's */
	if (runtime_dir && is_dir_of(runtime_dir, uid))
		return arena_printf(a, "%s/sbox", runtime_dir);
	const char *usual = arena_printf(a, "/run/user/%u", uid);
	if (is_dir_of(usual, uid))
		return arena_printf(a, "%s/sbox", usual);
	return arena_printf(a, "/tmp/sbox-%u", uid);
}

int instance_open_place(const char *place, bool make)
{
	struct stat st;
	if (make && mkdir(place, 0700) < 0 && errno != EEXIST)
		return -errno;
	_cleanup_fd_ int fd = open(place, DIR_FLAGS);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* in /tmp anybody may have been there first */
	if (st.st_uid != getuid())
		return -EPERM;
	if ((st.st_mode & 077) && fchmod(fd, 0700) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* ---- who lives there ---- */

pid_t instance_owner(int fd)
{
	/* what a reader's lock stands against: the answer is the reader */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type == F_UNLCK ? -ESRCH : lock.l_pid;
}

/* Both locks, or negative errno; -EWOULDBLOCK where somebody else has them. */
static int lock(int fd)
{
	/* for writing, a folder cannot be opened; a reader's lock tells its owner as well */
	struct flock record = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fcntl(fd, F_SETLK, &record) < 0)
		return -errno;
	return 0;
}

/* For the moment between a new folder and its lock, in which it looks like a dead one's. Who
 * is stopped meanwhile holds nobody up: without the lock both sides notice, and try again. */
static void begin_change(int place)
{
	enum { TRIES = 20 };
	for (unsigned i = 0; i < TRIES && flock(place, LOCK_EX | LOCK_NB) < 0; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void end_change(int place)
{
	(void)flock(place, LOCK_UN);
}

static bool sweep(int place, const char *name)
{
	struct stat st;
	_cleanup_fd_ int fd = openat(place, name, DIR_FLAGS);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return false;
	/* else another one may live in a new folder of that name by now */
	return st.st_nlink > 0 && path_remove_tree(place, name) == 0;
}

bool instance_sweep(int place, const char *name)
{
	begin_change(place);
	bool swept = sweep(place, name);
	end_change(place);
	return swept;
}

/* Those that a SIGKILL has left, as far as they are among the first few: a start costs the
 * same however many instances there are, and the verbs that list sweep all. A folder with
 * the number of a process that lives is not looked into, which saves the most. */
static void sweep_some(const struct instance *in)
{
	enum { ENTRIES = 64 };
	int copy = openat(in->place_fd, ".", DIR_FLAGS);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	if (!d) {
		fd_close(copy);
		return;
	}
	struct dirent *entry;
	for (unsigned i = 0; i < ENTRIES && (entry = readdir(d)); i++) {
		const char *id = entry->d_name;
		int pid = atoi(id);
		/* our own must not be opened: with any descriptor of it closed, the record
		 * lock goes (fcntl_locking(2)) */
		if (value_is_plain_name(id) && strcmp(id, in->id) != 0 &&
			(pid <= 0 || (kill(pid, 0) < 0 && errno == ESRCH)))
			(void)instance_sweep(in->place_fd, id);
	}
	closedir(d);
}

/* ---- one's own ---- */

struct instance *instance_new(
	struct arena *a, uid_t uid, const char *runtime_dir, const char *name)
{
	struct instance *in = arena_alloc(a, sizeof(*in));
	in->place = instance_place(a, uid, runtime_dir);
	in->name = name;
	/* "/", the id, and what comes behind it for other pid namespaces' sake */
	in->dir = arena_alloc(a, strlen(in->place) + INSTANCE_ID_MAX + 3);
	in->place_fd = in->fd = -1;
	return in;
}

/* The folder, locked: its descriptor, or negative errno; -EEXIST where the name is taken,
 * -ESTALE where a sweep took the folder before it could be locked. */
static int make_and_lock(int place, const char *name)
{
	struct stat st;
	if (mkdirat(place, name, 0700) < 0)
		return -errno;
	_cleanup_fd_ int fd = openat(place, name, DIR_FLAGS);
	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	int r = lock(fd);
	if (r < 0)
		return r == -EWOULDBLOCK ? -ESTALE : r;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink == 0 ? -ESTALE : TAKE_FD(fd);
}

static int make_locked(int place, const char *name)
{
	begin_change(place);
	int fd = make_and_lock(place, name);
	end_change(place);
	return fd;
}

/* Tries until one is ours: what a dead one has left is taken away, and a number may be
 * another's too, in another pid namespace. */
static int make_some(struct instance *in)
{
	/* who sweeps holds the lock for a moment, too; an owner holds it on */
	enum { TRIES = 100, BUSY_TRIES = 10 };
	unsigned busy = 0;
	int fd = -EEXIST;
	size_t room = INSTANCE_ID_MAX + 3;
	char *id = in->dir + sprintf(in->dir, "%s/", in->place);
	for (unsigned i = 0, number = 0; i < TRIES; i++) {
		if (in->name)
			(void)snprintf(id, room, "%s", in->name);
		else if (number == 0)
			(void)snprintf(id, room, "%d", (int)getpid());
		else
			(void)snprintf(id, room, "%d-%u", (int)getpid(), number);
		fd = make_locked(in->place_fd, id);
		if (fd != -EEXIST && fd != -ESTALE)
			break;
		if (fd != -EEXIST || instance_sweep(in->place_fd, id))
			continue;
		if (!in->name)
			number++;
		else if (++busy == BUSY_TRIES)
			break;
		else
			(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	if (fd >= 0)
		in->id = id;
	return fd;
}

int instance_make(struct instance *in, struct err *e)
{
	if (in->fd >= 0)
		return 0;
	in->place_fd = instance_open_place(in->place, true);
	if (in->place_fd < 0)
		return err_sys(e, in->place_fd, "cannot make the folder '%s'", in->place);
	in->fd = make_some(in);
	if (in->fd >= 0)
		return 0;
	if (in->fd == -EEXIST && in->name)
		err_set(e, in->fd, "a sandbox with the name '%s' runs already", in->name);
	else
		err_sys(e, in->fd, "cannot make the folder '%s'", in->dir);
	in->fd = -1;
	in->place_fd = fd_close(in->place_fd);
	return e->code;
}

const char *instance_subdir(
	struct instance *in, struct arena *a, const char *name, struct err *e)
{
	if (instance_make(in, e) < 0)
		return NULL;
	if (mkdirat(in->fd, name, 0700) < 0 && errno != EEXIST) {
		err_sys(e, -errno, "cannot make the folder '%s/%s'", in->dir, name);
		return NULL;
	}
	return arena_printf(a, "%s/%s", in->dir, name);
}

int instance_write_state(int dir, const struct instance_state *s)
{
	static const char new[] = "state.new";
	char text[STATE_MAX];
	ssize_t size = state_format(s, text);
	if (size < 0)
		return (int)size;
	_cleanup_fd_ int fd = openat(
		dir, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = fd_write_all(fd, text, (size_t)size);
	return r < 0 ? r : renameat(dir, new, dir, "state") < 0 ? -errno : 0;
}

int instance_publish(struct instance *in, struct instance_state *s, struct err *e)
{
	int r = instance_make(in, e);
	if (r < 0)
		return r;
	s->id = in->id;
	s->name = in->name;
	s->pid = getpid();
	r = instance_write_state(in->fd, s);
	if (r < 0)
		return err_sys(e, r, "cannot write '%s/state'", in->dir);
	sweep_some(in);
	return 0;
}

void instance_remove(struct instance *in)
{
	if (!in || in->fd < 0)
		return;
	/* most have nothing else in them; locked until it is gone */
	(void)unlinkat(in->fd, "state", 0);
	if (unlinkat(in->place_fd, in->id, AT_REMOVEDIR) < 0)
		(void)path_remove_tree(in->place_fd, in->id);
	in->fd = fd_close(in->fd);
	in->place_fd = fd_close(in->place_fd);
}
