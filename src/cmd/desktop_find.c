/* SPDX-License-Identifier: MIT */
/* desktop_find.c - the launchers that desktops see: which there are, and whose
 *
 * Folders are read in the order of the XDG Base Directory Specification: of several
 * launchers with one id, the first counts. Never writes.
 */
#include "cmd/desktop_find.h"

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

enum { DEPTH_MAX = 8, FILES_MAX = 20000, DIRS_MAX = 64 };

static const char suffix[] = ".desktop";

/* A launcher file in one of the folders. */
struct file {
	const char *id;
	const char *path;
	size_t dir; /* 0: the user's own folder */
};

struct files {
	struct file *v;
	size_t n;
};

struct dirs {
	const char *v[DIRS_MAX];
	size_t n;
};

static void dirs_add(struct arena *a, struct dirs *dirs, const char *data)
{
	char *path;
	/* the specification: what is not absolute does not count */
	if (dirs->n == DIRS_MAX || path_normalize(a, data, &path) < 0)
		return;
	path = arena_printf(a, "%s/applications", path);
	for (size_t i = 0; i < dirs->n; i++)
		if (strcmp(dirs->v[i], path) == 0)
			return;
	dirs->v[dirs->n++] = path;
}

static int dirs_init(struct arena *a, struct dirs *dirs, struct err *e)
{
	const char *data_home = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	const char *list = getenv("XDG_DATA_DIRS");

	if (data_home && *data_home)
		dirs_add(a, dirs, data_home);
	else if (home && *home)
		dirs_add(a, dirs, arena_printf(a, "%s/.local/share", home));
	if (dirs->n == 0) {
		err_set(e, -ENOENT, "cannot tell where your launchers are");
		return err_hint(e, "set HOME or XDG_DATA_HOME to an absolute path");
	}
	if (!list || !*list)
		list = "/usr/local/share:/usr/share";
	while (*list) {
		size_t n = strcspn(list, ":");
		dirs_add(a, dirs, arena_strndup(a, list, n));
		list += n + (list[n] == ':');
	}
	return 0;
}

/* Collects the launchers in @path and below; @prefix is the path from the folder's top,
 * with its slashes as the id has them. */
static void scan(struct arena *a, struct files *files, size_t dir, const char *path,
	const char *prefix, unsigned depth)
{
	/* the top may be a link; below, a link could lead round in a circle */
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0);
	int fd = open(path, flags);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(d)) && files->n < FILES_MAX;) {
		const char *name = entry->d_name;
		if (name[0] == '.')
			continue;
		const char *id = arena_printf(a, "%s%s", prefix, name);
		const char *below = arena_printf(a, "%s/%s", path, name);
		if (str_ends(name, suffix))
			*ARENA_PUSH(a, files) = (struct file){ id, below, dir };
		else if (depth < DEPTH_MAX &&
			(entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			scan(a, files, dir, below, arena_printf(a, "%s-", id), depth + 1);
	}
	closedir(d);
}

/* By id, then by the weight of the folder; a-b.desktop comes before a/b.desktop. */
static int compare_files(const void *x, const void *y)
{
	const struct file *f = x, *g = y;
	int r = strcmp(f->id, g->id);
	if (r == 0)
		r = (f->dir > g->dir) - (f->dir < g->dir);
	return r ? r : strcmp(f->path, g->path);
}

int app_read(
	struct arena *a, const char *path, bool link, struct launcher *ret, struct err *e)
{
	/* O_NONBLOCK: a fifo would keep us waiting */
	_cleanup_fd_ int fd = open(path,
		O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (link ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return err_sys(e, -errno, "cannot open '%s'", path);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(e, -errno, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s: not a regular file", path);
	char *text;
	size_t size;
	int r = fd_read_open(a, fd, LAUNCHER_MAX, &text, &size);
	if (r == -EFBIG)
		return err_set(e, r, "%s: larger than 1 MiB", path);
	if (r < 0)
		return err_sys(e, r, "cannot read '%s'", path);
	return launcher_read(a, path, text, size, ret, e);
}

/* Makes one application of the @n files with its id. */
static void add_app(struct arena *a, struct apps *apps, const struct file *v, size_t n)
{
	struct app app = { .id = v->id };
	bool own = v->dir == 0;
	struct err ignored;

	app.own = own ? v->path : arena_printf(a, "%s/%s", apps->own_dir, v->id);
	app.backup = arena_printf(a, "%s.before-sbox", app.own);
	if (own) {
		/* one that cannot be read is no work of ours */
		app.state = APP_OWN_FOREIGN;
		if (app_read(a, v->path, false, &app.managed, &ignored) == 0 &&
			app.managed.managed)
			app.state = APP_OWN_MANAGED;
	}
	if (app.state != APP_OWN_MANAGED)
		app.source = v->path;
	else if (faccessat(AT_FDCWD, app.backup, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		app.source = app.backup;
	for (size_t i = 1; i < n && !app.source; i++)
		if (v[i].dir != 0)
			app.source = v[i].path;
	*ARENA_PUSH(a, apps) = app;
}

int apps_list(struct arena *a, struct apps *ret, struct err *e)
{
	struct dirs dirs = { 0 };
	struct files files = { 0 };
	int r = dirs_init(a, &dirs, e);
	if (r < 0)
		return r;

	*ret = (struct apps){ .own_dir = dirs.v[0], .dirs = dirs.v[0] };
	for (size_t i = 0; i < dirs.n; i++) {
		scan(a, &files, i, dirs.v[i], "", 0);
		if (i > 0)
			ret->dirs = arena_printf(a, "%s, %s", ret->dirs, dirs.v[i]);
	}
	if (files.n)
		qsort(files.v, files.n, sizeof(*files.v), compare_files);
	for (size_t i = 0, end; i < files.n; i = end) {
		for (end = i + 1; end < files.n; end++)
			if (strcmp(files.v[end].id, files.v[i].id) != 0)
				break;
		add_app(a, ret, files.v + i, end - i);
	}
	return 0;
}

/* stat(2) of a program as a shell would find it. */
static int stat_program(const char *name, struct stat *st)
{
	if (strchr(name, '/'))
		return stat(name, st);
	const char *dirs = getenv("PATH");
	char path[4096];
	for (; dirs && *dirs; dirs += *dirs == ':') {
		size_t n = strcspn(dirs, ":");
		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)n, dirs, name);
		if (n > 0 && access(path, X_OK) == 0)
			return stat(path, st);
		dirs += n;
	}
	return -1;
}

static bool same_program(const char *program, const char *name)
{
	if (!strchr(name, '/'))
		return strcmp(path_basename(program), name) == 0;
	struct stat x, y;
	return stat_program(program, &x) == 0 && stat(name, &y) == 0 &&
		x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A launcher that may be meant. */
struct candidate {
	const struct app *app;
	const char *name; /* the id without .desktop */
	const char *program; /* NULL where the launcher cannot be read */
	bool hidden;
};

struct candidates {
	struct candidate *v;
	size_t n;
};

static void add_candidate(
	struct arena *a, struct candidates *c, const struct app *app, bool managed)
{
	struct launcher l = app->managed;
	struct launcher_wrap wrap;
	struct err ignored;
	struct candidate new = { .app = app };

	if (managed && app->state != APP_OWN_MANAGED)
		return;
	new.name = arena_strndup(a, app->id, strlen(app->id) - strlen(suffix));
	if (managed)
		new.program = launcher_unwrap(a, l.exec, &wrap);
	else if (app->source && app_read(a, app->source, true, &l, &ignored) == 0)
		new.program = launcher_program(a, l.exec);
	new.hidden = l.no_display;
	*ARENA_PUSH(a, c) = new;
}

/* For str_nearest(): all names, then all programs. */
static const char *next_word(size_t i, const void *ctx)
{
	const struct candidates *c = ctx;
	if (i < c->n)
		return c->v[i].name;
	if (i - c->n >= c->n)
		return NULL;
	const char *program = c->v[i - c->n].program;
	return program ? path_basename(program) : "";
}

static void not_found(const struct apps *apps, const struct candidates *c,
	const char *name, bool managed, struct err *e)
{
	const char *nearest = str_nearest(path_basename(name), next_word, c);

	if (managed)
		err_set(e, -ENOENT, "no launcher for '%s' was installed by sbox", name);
	else
		err_set(e, -ENOENT, "no launcher starts '%s'", name);
	if (nearest)
		err_hint(e, "did you mean '%s'?", nearest);
	else if (managed)
		err_hint(e, "'sbox desktop list' shows those that were");
	else
		err_hint(e, "launchers are looked for in %s", apps->dirs);
}

/* The only one that starts @name; one that menus show goes before those they hide. */
static const struct app *find_program(
	struct arena *a, const struct candidates *c, const char *name, struct err *e)
{
	const struct candidate *shown = NULL, *hidden = NULL;
	const char *names = "";
	unsigned n_shown = 0, n_hidden = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct candidate *one = c->v + i;
		if (!one->program || !same_program(one->program, name))
			continue;
		if (one->hidden) {
			hidden = one;
			n_hidden++;
		} else {
			shown = one;
			n_shown++;
		}
		names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", one->name);
	}
	if (n_shown == 1)
		return shown->app;
	if (n_shown == 0 && n_hidden == 1)
		return hidden->app;
	err_set(e, *names ? -ENOTUNIQ : -ENOENT, "more than one launcher starts '%s'",
		name);
	err_hint(e, "name one of them: %s", names);
	return NULL;
}

const struct app *apps_find(struct arena *a, const struct apps *apps, const char *name,
	bool managed, struct err *e)
{
	const char *id =
		str_ends(name, suffix) ? name : arena_printf(a, "%s%s", name, suffix);
	struct candidates c = { 0 };

	for (size_t i = 0; i < apps->n; i++) {
		const struct app *app = apps->v + i;
		if (strcmp(app->id, id) == 0 &&
			(!managed || app->state == APP_OWN_MANAGED))
			return app;
	}
	for (size_t i = 0; i < apps->n; i++)
		add_candidate(a, &c, apps->v + i, managed);
	const struct app *app = find_program(a, &c, name, e);
	if (!app && e->code == -ENOENT)
		not_found(apps, &c, name, managed, e);
	return app;
}
