/* SPDX-License-Identifier: MIT */
/* registry.c - which instances of the user run: listing them, and getting hold of one
 *
 * Who lives and under which pid, the locks tell (instance.c); the text in a folder tells the
 * rest and is never acted on alone.
 */
#include "resolve/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "config/value.h"

int registry_open(struct registry *r, struct arena *a, struct err *e)
{
	const char *variable = getenv("XDG_RUNTIME_DIR");
	char *runtime_dir = NULL;
	if (variable)
		(void)path_normalize(a, variable, &runtime_dir);
	r->place = instance_place(a, getuid(), runtime_dir);
	r->fd = instance_open_place(r->place, false);
	if (r->fd >= 0 || r->fd == -ENOENT)
		return 0;
	return err_sys(
		e, r->fd, "cannot open '%s', where instances are listed", r->place);
}

void registry_close(struct registry *r)
{
	r->fd = r->fd < 0 ? -1 : fd_close(r->fd);
}

/* ---- one folder ---- */

/* 0, -ENOENT where it has not told yet, or -EBADMSG. */
static int read_state(
	struct arena *a, int dir, const char *id, struct instance_state *ret)
{
	char text[STATE_MAX];
	struct stat st;
	_cleanup_fd_ int fd =
		openat(dir, "state", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno
		: fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)
		? -EBADMSG
		: fd_read_full(fd, text, sizeof(text));
	int r = n < 0 ? (int)n : state_parse(a, text, (size_t)n, ret);
	if (r == 0 && strcmp(ret->id, id) == 0)
		return 0;
	*ret = (struct instance_state){ .id = arena_strdup(a, id) };
	return r == -ENOENT ? r : -EBADMSG;
}

static void look_at(
	const struct registry *r, struct arena *a, const char *id, struct instances *ret)
{
	_cleanup_fd_ int fd =
		openat(r->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	struct instance_info info = { .pid = instance_owner(fd) };
	if (info.pid < 0) {
		(void)instance_sweep(r->fd, id);
		return;
	}
	/* without a text its program does not run yet */
	if (read_state(a, fd, id, &info.state) != -ENOENT)
		*ARENA_PUSH(a, ret) = info;
}

/* ---- all ---- */

int instance_compare_age(const struct instance_info *a, const struct instance_info *b)
{
	if (a->state.started != b->state.started)
		return a->state.started < b->state.started ? -1 : 1;
	/* within a second numbers are given in their order, as a rule */
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return strcmp(a->state.id, b->state.id);
}

static int by_age(const void *a, const void *b)
{
	return instance_compare_age(a, b);
}

void registry_list(const struct registry *r, struct arena *a, struct instances *ret)
{
	*ret = (struct instances){ 0 };
	int copy =
		r->fd < 0 ? -1 : openat(r->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		fd_close(copy);
		return;
	}
	for (struct dirent *entry; (entry = readdir(d));)
		if (value_is_plain_name(entry->d_name))
			look_at(r, a, entry->d_name, ret);
	closedir(d);
	if (ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_age);
}

/* ---- one ---- */

static const char *next_id(size_t i, const void *ctx)
{
	const struct instances *all = ctx;
	return i < all->n ? all->v[i].state.id : NULL;
}

/* There is no folder @id: the id of the one whose supervisor has that pid, or NULL. */
static const char *id_of_pid(const struct instances *all, const char *id)
{
	char *end;
	long pid = strtol(id, &end, 10);
	for (size_t i = 0; i < all->n && !*end && pid > 0; i++)
		if (all->v[i].pid == pid)
			return all->v[i].state.id;
	return NULL;
}

static int not_there(const struct instances *all, const char *id, struct err *e)
{
	err_set(e, -ESRCH, "there is no sandbox '%s'", id);
	const char *near = str_nearest(id, next_id, all);
	if (near)
		return err_hint(e, "did you mean '%s'?", near);
	if (all->n == 0)
		return err_hint(e, "none runs");
	return err_hint(e, "'sbox ps' lists those that run");
}

/* Takes hold of the folder @id. -ESRCH where nobody lives there, or negative errno. */
static int hold(
	const struct registry *r, struct arena *a, const char *id, struct handle *ret)
{
	struct handle h = { .place_fd = r->fd, .fd = -1, .pidfd = -1 };
	if (r->fd < 0 || !value_is_plain_name(id))
		return -ESRCH;
	h.fd = openat(r->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (h.fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	h.info.pid = instance_owner(h.fd);
	int code = h.info.pid < 0 ? h.info.pid : 0;
	if (h.info.pid > 0) {
		h.pidfd = sys_pidfd_open(h.info.pid);
		code = h.pidfd < 0 ? -errno : 0;
	}
	/* the owner before and after: in between its number was nobody else's */
	if (code == 0 && instance_owner(h.fd) != h.info.pid)
		code = -ESRCH;
	if (code < 0) {
		handle_release(&h);
		return code;
	}
	(void)read_state(a, h.fd, id, &h.info.state);
	*ret = h;
	return 0;
}

int registry_hold(const struct registry *r, struct arena *a, const char *id,
	struct handle *ret, struct err *e)
{
	struct instances all;
	int code = hold(r, a, id, ret);
	if (code == 0)
		return 0;
	if (code != -ESRCH)
		return err_sys(e, code, "cannot get hold of the sandbox '%s'", id);
	registry_list(r, a, &all);
	const char *other = id_of_pid(&all, id);
	if (other && hold(r, a, other, ret) == 0)
		return 0;
	return not_there(&all, id, e);
}

bool handle_lives(const struct handle *h)
{
	return instance_owner(h->fd) == h->info.pid;
}

void handle_release(struct handle *h)
{
	h->fd = fd_close(h->fd);
	h->pidfd = fd_close(h->pidfd);
}
