/* SPDX-License-Identifier: MIT */
/* desktop.c - "sbox desktop": launchers of the user's own that start programs in sbox
 *
 * A launcher in $XDG_DATA_HOME with the id of the system's takes its place everywhere:
 * menus, favourites, "open with". Never touches a launcher that sbox did not write, unless
 * told by --force, and then keeps it beside. A lock on the folder is held from looking to
 * writing; a launcher is whole at every moment (written aside, then renamed).
 */
#include "cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "cmd/desktop_find.h"
#include "cmd/table.h"
#include "cmd/words.h"
#include "config/launcher.h"
#include "config/profile.h"

/* What the command line says. */
struct request {
	struct arena *a;
	const char *app; /* NULL: none */
	const char *profile;
	bool force, json, names, apps;
};

/* ---- the folder ---- */

/* Makes a folder with what is missing above it; links above are the user's. */
static int make_dirs(struct arena *a, const char *path, struct err *e)
{
	char *dir = arena_strdup(a, path);
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(dir, 0700); /* the last one tells */
		*slash = '/';
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "cannot make the folder '%s'", dir);
	return 0;
}

/* Two of us at once would write to the same temporary file. */
static int lock_dir(const char *dir, int *ret_fd, struct err *e)
{
	_cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "cannot open the folder '%s'", dir);
	if (RETRY(flock(fd, LOCK_EX)) < 0)
		return err_sys(e, -errno, "cannot lock the folder '%s'", dir);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Puts a launcher at @path, or leaves what is there. */
static int write_launcher(
	struct arena *a, const char *path, const char *text, size_t size, struct err *e)
{
	/* no name that ends in .desktop: menus are watching */
	const char *new = arena_printf(a, "%s/.sbox-launcher.new", path_dirname(a, path));
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	(void)unlink(new); /* of one that was killed */
	_cleanup_fd_ int fd = open(new, flags, 0644);
	if (fd < 0)
		return err_sys(e, -errno, "cannot make '%s'", new);
	int r = fd_write_all(fd, text, size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(new, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(new);
		return err_sys(e, r, "cannot write '%s'", path);
	}
	return 0;
}

/* Menus and "open with" read a cache of types that this program keeps. */
static void update_database(const char *dir)
{
	char path[64];
	if (!proc_find_helper("update-desktop-database", path, sizeof(path)))
		return;
	char *argv[] = { path, (char[]){ "-q" }, (char *)dir, NULL };
	struct proc_spec spec = {
		.path = path,
		.argv = argv,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
	};
	struct err e;
	pid_t pid = proc_start(&spec, NULL, &e);
	if (pid < 0 || proc_wait(pid) != 0)
		log_warning("update-desktop-database could not renew '%s'", dir);
}

/* ---- install ---- */

static int own_path(struct arena *a, const char **ret, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	if (n < 0 || (size_t)n == sizeof(path))
		return err_sys(e, n < 0 ? -errno : -ENAMETOOLONG,
			"cannot tell where sbox itself is (/proc/self/exe)");
	*ret = arena_strndup(a, path, (size_t)n);
	if (access(*ret, X_OK) < 0)
		return err_sys(e, -errno, "cannot find sbox itself at '%s'", *ret);
	return 0;
}

static const char *next_profile(size_t i, const void *ctx)
{
	const struct profile_infos *infos = ctx;
	return i < infos->n ? infos->v[i].name : NULL;
}

/* A launcher has no terminal to complain on, so a wrong name must be told now. A file is
 * named by its absolute path, since who knows where the launcher will be started. */
static int check_profile(struct arena *a, const char **profile, struct err *e)
{
	struct profile_dirs dirs;
	profile_dirs_init(&dirs, a);
	if (strchr(*profile, '/')) {
		char cwd[PATH_MAX], *path;
		if (!getcwd(cwd, sizeof(cwd)))
			return err_sys(e, -errno, "cannot tell the working directory");
		if (path_absolute(a, cwd, *profile, &path) == 0)
			*profile = path;
	}
	if (**profile && profile_find(a, &dirs, *profile))
		return 0;
	err_set(e, -ENOENT, "there is no profile '%s'", *profile);
	struct profile_infos infos = { 0 };
	profile_list(a, &dirs, &infos);
	const char *nearest = str_nearest(*profile, next_profile, &infos);
	if (nearest)
		return err_hint(e, "did you mean '%s'?", nearest);
	return err_hint(e, "'sbox profile list' shows all of them");
}

/* sbox would see the name "env" and choose by that, so the choice is made here. */
static const char *profile_behind_env(struct arena *a, const struct launcher *l)
{
	const char *words[LAUNCHER_WORDS_MAX];
	const char *program = launcher_program(a, l->exec);
	if (!program || launcher_words(a, l->exec, words) == 0 ||
		strcmp(words[0], program) == 0)
		return NULL;
	struct profile_dirs dirs;
	profile_dirs_init(&dirs, a);
	return profile_for_command(a, &dirs, program);
}

/* A second name for the user's launcher. Nothing that has that name is lost. */
static int keep_foreign(const struct app *app, struct err *e)
{
	if (link(app->own, app->backup) == 0)
		return 0;
	if (errno != EEXIST &&
		renameat2(AT_FDCWD, app->own, AT_FDCWD, app->backup, RENAME_NOREPLACE) ==
			0)
		return 0; /* a file system without hard links */
	if (errno == EEXIST)
		return err_set(e, -EEXIST,
			"cannot keep your launcher: '%s' exists already", app->backup);
	return err_sys(e, -errno, "cannot keep your launcher as '%s'", app->backup);
}

static int check_foreign(const struct app *app, bool force, struct err *e)
{
	if (app->state != APP_OWN_FOREIGN || force)
		return 0;
	err_set(e, -EEXIST, "'%s' was not written by sbox", app->own);
	return err_hint(e, "--force takes its place and keeps it as %s",
		path_basename(app->backup));
}

static int put_launcher(struct arena *a, const struct app *app, const char *text,
	size_t size, struct err *e)
{
	bool foreign = app->state == APP_OWN_FOREIGN;
	int r = foreign ? keep_foreign(app, e) : 0;
	if (r < 0)
		return r;
	r = write_launcher(a, app->own, text, size, e);
	if (r < 0 && foreign)
		(void)rename(
			app->backup, app->own); /* two names of one file: no change */
	if (r < 0 && foreign)
		(void)unlink(app->backup);
	return r;
}

static int install_app(struct arena *a, const struct apps *apps, const struct request *q,
	struct launcher_wrap *wrap, struct err *e)
{
	const struct app *app = apps_find(a, apps, q->app, false, e);
	if (!app)
		return e->code;
	int r = check_foreign(app, q->force, e);
	if (r < 0)
		return r;
	if (!app->source)
		return err_set(e, -ENOENT,
			"the launcher from which '%s' was made is not there any more",
			app->own);

	struct launcher l;
	char *text;
	size_t size;
	wrap->source = app->state == APP_OWN_FOREIGN ? app->backup : app->source;
	r = app_read(a, app->source, true, &l, e);
	if (r == 0 && !wrap->profile)
		wrap->profile = profile_behind_env(a, &l);
	if (r == 0)
		r = launcher_rewrite(a, &l, wrap, &text, &size, e);
	if (r == 0)
		r = put_launcher(a, app, text, size, e);
	if (r == 0)
		puts(app->own);
	return r;
}

static int run_install(void *request, const struct words *w, struct err *e)
{
	const struct request *q = request;
	struct arena *a = q->a;
	(void)w;
	struct launcher_wrap wrap = { .profile = q->profile };
	struct apps apps;

	int r = own_path(a, &wrap.sbox, e);
	if (r == 0 && wrap.profile)
		r = check_profile(a, &wrap.profile, e);
	if (r == 0)
		r = apps_list(
			a, &apps, e); /* unlocked: only to learn the folder's name */
	if (r == 0)
		r = make_dirs(a, apps.own_dir, e);
	if (r != 0)
		return r;
	_cleanup_fd_ int lock = -1;
	r = lock_dir(apps.own_dir, &lock, e);
	if (r == 0)
		r = apps_list(a, &apps, e);
	if (r == 0)
		r = install_app(a, &apps, q, &wrap, e);
	if (r == 0)
		update_database(apps.own_dir);
	return r;
}

/* ---- remove ---- */

static int remove_app(
	struct arena *a, const struct apps *apps, const struct request *q, struct err *e)
{
	const struct app *app = apps_find(a, apps, q->app, true, e);
	if (!app) {
		struct err ignored;
		const struct app *other = apps_find(a, apps, q->app, false, &ignored);
		if (other && other->state == APP_OWN_FOREIGN)
			return err_set(
				e, -EPERM, "'%s' was not written by sbox", other->own);
		return e->code;
	}
	if (rename(app->backup, app->own) == 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(e, -errno, "cannot put back '%s'", app->backup);
	if (unlink(app->own) < 0)
		return err_sys(e, -errno, "cannot remove '%s'", app->own);
	return 0;
}

static int run_remove(void *request, const struct words *w, struct err *e)
{
	const struct request *q = request;
	struct arena *a = q->a;
	(void)w;
	struct apps apps;
	int r = apps_list(a, &apps, e);
	if (r < 0)
		return r;
	if (access(apps.own_dir, F_OK) < 0) /* nothing to lock, nothing to find */
		return remove_app(a, &apps, q, e);
	_cleanup_fd_ int lock = -1;
	r = lock_dir(apps.own_dir, &lock, e);
	if (r == 0)
		r = apps_list(a, &apps, e);
	if (r == 0)
		r = remove_app(a, &apps, q, e);
	if (r == 0)
		update_database(apps.own_dir);
	return r;
}

/* ---- list ---- */

static const char state_ok[] = "ok";

static const char *state_of(struct arena *a, const struct app *app, const char *sbox)
{
	const struct launcher *l = &app->managed;
	struct launcher source;
	struct err e;

	if (!sbox || access(sbox, X_OK) < 0)
		return "sbox moved";
	if (!l->source || access(l->source, R_OK) < 0)
		return "source gone";
	if (app_read(a, l->source, true, &source, &e) < 0 ||
		launcher_checksum(source.text, source.size) != l->checksum)
		return "source changed";
	return state_ok;
}

struct launched {
	const char *id, *profile, *source, *state;
};

static struct launched row_of(struct arena *a, const struct app *app)
{
	struct launcher_wrap wrap;
	(void)launcher_unwrap(a, app->managed.exec, &wrap);
	return (struct launched){
		.id = arena_strndup(a, app->id, strlen(app->id) - strlen(".desktop")),
		.profile = wrap.profile,
		.source = app->managed.source,
		.state = state_of(a, app, wrap.sbox),
	};
}

static void list_json(struct arena *a, const struct apps *apps)
{
	struct json j = { .f = stdout };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_begin(&j, "launchers", '[');
	for (size_t i = 0; i < apps->n; i++) {
		if (apps->v[i].state != APP_OWN_MANAGED)
			continue;
		struct launched row = row_of(a, &apps->v[i]);
		json_begin(&j, NULL, '{');
		json_string(&j, "id", row.id);
		json_string(&j, "profile", row.profile);
		json_string(&j, "file", apps->v[i].own);
		json_string(&j, "source", row.source);
		json_string(&j, "state", row.state);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
}

/* Names of files and profiles may hold what would draw on a terminal. */
static const char *printable(struct arena *a, const char *s)
{
	size_t size = 4 * strlen(s) + 1;
	char *out = arena_alloc(a, size);
	str_escape_controls(out, size, s);
	return out;
}

static void list_table(struct arena *a, const struct apps *apps)
{
	static const struct column columns[] = { { "ID", false }, { "PROFILE", false },
		{ "STATE", false }, { "SOURCE", false } };
	struct table t;
	bool stale = false;
	table_begin(&t, a, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < apps->n; i++) {
		if (apps->v[i].state != APP_OWN_MANAGED)
			continue;
		struct launched row = row_of(a, &apps->v[i]);
		table_add(&t,
			(const char *const[]){ printable(a, row.id),
				printable(a, row.profile ? row.profile : "(by name)"),
				row.state, printable(a, row.source ? row.source : "-") });
		stale = stale || row.state != state_ok;
	}
	table_print(stdout, &t, table_terminal_width(STDOUT_FILENO));
	if (stale)
		log_advice(
			"'sbox desktop install APP' writes a launcher again, 'remove' ends it");
}

/* For completions: what a shell would take for more than a name is left out. */
static void list_names(struct arena *a, const struct apps *apps, bool managed)
{
	for (size_t i = 0; i < apps->n; i++) {
		const struct app *app = &apps->v[i];
		const char *id =
			arena_strndup(a, app->id, strlen(app->id) - strlen(".desktop"));
		if ((managed ? app->state == APP_OWN_MANAGED : app->source != NULL) &&
			str_is_plain_name(id))
			puts(id);
	}
}

static int run_list(void *request, const struct words *w, struct err *e)
{
	const struct request *q = request;
	struct arena *a = q->a;
	(void)w;
	struct apps apps;
	int r = apps_list(a, &apps, e);
	if (r < 0)
		return r;
	if (q->json)
		list_json(a, &apps);
	else if (q->names || q->apps)
		list_names(a, &apps, q->names);
	else
		list_table(a, &apps);
	return 0;
}

/* ---- the command line ---- */

static int run(int argc, char **argv, struct err *e)
{
	_cleanup_(arena_done) struct arena a = { 0 };
	struct request q = { .a = &a };
	struct words w;
	(void)argc;
	if (words_read(&cmd_desktop, argv, &q, &w, e) < 0)
		return e->code;
	q.app = w.v[0];
	return w.action->run(&q, &w, e);
}

static const struct option_row install_options[] = {
	{ .name = "profile",
		.value = "NAME",
		.offset = offsetof(struct request, profile),
		.help = "the one to use, else it is chosen at each start",
		.words_from = "profile list --names" },
	{ .name = "force",
		.offset = offsetof(struct request, force),
		.help = "put a launcher of your own aside" },
	{ 0 },
};

static const struct option_row list_options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs" },
	{ .name = "names",
		.offset = offsetof(struct request, names),
		.help = "the ids alone" },
	/* what could be installed */
	{ .name = "apps", .offset = offsetof(struct request, apps) },
	{ 0 },
};

static const struct action actions[] = {
	{ .name = "install",
		.operands = "APP",
		.least = 1,
		.most = 1,
		.options = install_options,
		.run = run_install,
		.words_from = "desktop list --apps" },
	{ .name = "list", .operands = "", .options = list_options, .run = run_list },
	{ .name = "remove",
		.operands = "APP",
		.least = 1,
		.most = 1,
		.run = run_remove,
		.words_from = "desktop list --names" },
	{ 0 },
};

const struct command cmd_desktop = {
	.name = "desktop",
	.summary = "launchers that start desktop programs in a sandbox",
	.actions = actions,
	.run = run,
};
