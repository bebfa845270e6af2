/* SPDX-License-Identifier: MIT */
/* profile.c - "sbox profile list|show|check|edit" */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/words.h"
#include "config/check.h"
#include "config/profile.h"
#include "config/show.h"

struct request {
	struct arena *arena;
	struct profile_dirs dirs;
	const char *name; /* of a profile, or its file */
	bool json, names;
};

/* ---- list ---- */

static const char *joined(struct arena *a, const struct list *l)
{
	const char *text = "";
	for (size_t i = 0; i < l->n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? " " : "", l->v[i].text);
	return text;
}

static void list_json(const struct request *rq, const struct profile_infos *infos)
{
	struct json j = { .f = stdout };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_begin(&j, "profiles", '[');
	for (size_t i = 0; i < infos->n; i++) {
		json_begin(&j, NULL, '{');
		json_string(&j, "name", infos->v[i].name);
		json_string(&j, "description", infos->v[i].description);
		json_string(&j, "command", joined(rq->arena, &infos->v[i].command));
		json_string(&j, "file", infos->v[i].file);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
}

static int list(void *request, const struct words *w, struct err *e)
{
	const struct request *rq = request;
	struct profile_infos infos = { 0 };
	(void)w;
	(void)e;
	profile_list(rq->arena, &rq->dirs, &infos);
	if (rq->json) {
		list_json(rq, &infos);
		return 0;
	}
	for (size_t i = 0; i < infos.n; i++) {
		char safe[512];
		str_escape_controls(safe, sizeof(safe), infos.v[i].description);
		if (rq->names)
			puts(infos.v[i].name);
		else
			printf("%-14s %s\n", infos.v[i].name, safe);
	}
	return 0;
}

/* ---- show, check ---- */

static int load(const struct request *rq, struct plan *p, struct diags *d)
{
	plan_init(p, rq->arena);
	profile_load(p, d, &rq->dirs, rq->name, &(struct origin){ 0 });
	check_plan(p, d);
	return diag_print_all(d) > 0 ? EXIT_SBOX : 0;
}

static int show(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	struct diags d = { .arena = rq->arena };
	struct plan p;
	(void)e;
	rq->name = w->v[0];
	int r = load(rq, &p, &d);
	if (r)
		return r;
	if (rq->json)
		show_plan_json(stdout, &p);
	else
		show_plan(stdout, &p, true);
	return 0;
}

static int check(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	struct diags d = { .arena = rq->arena };
	struct plan p;
	(void)e;
	rq->name = w->v[0];
	return load(rq, &p, &d);
}

/* ---- edit ---- */

/* The user's own copy of the profile: an override that begins with the one there is. */
static int own_file(const struct request *rq, const char **ret, struct err *e)
{
	size_t n = 0;
	while (rq->dirs.v[n])
		n++;
	const char *dir = rq->dirs.v[n - 1];
	const char *file = arena_printf(rq->arena, "%s/%s.conf", dir, rq->name);
	const char *base = profile_find(rq->arena, &rq->dirs, rq->name);
	struct stat st;

	*ret = strchr(rq->name, '/') ? rq->name : file;
	if (strchr(rq->name, '/') || stat(file, &st) == 0)
		return 0;
	/* what a user adds to a known profile goes into a drop-in, so that the profile's own
	 * changes are not missed; a new one begins with the default */
	const char *text = "# What this profile is for\n[profile]\ndescription =\n"
			   "extends = default\n\n[filesystem]\n";
	if (base) {
		dir = arena_printf(rq->arena, "%s/%s.d", dir, rq->name);
		file = arena_printf(rq->arena, "%s/local.conf", dir);
		text = arena_printf(rq->arena,
			"# Added to the profile '%s' (%s).\n# 'sbox profile show %s' shows the whole; "
			"sbox-profile(5) the keys.\n[filesystem]\n",
			rq->name, base, rq->name);
		*ret = file;
		if (stat(file, &st) == 0)
			return 0;
	}
	for (char *p = strchr(dir + 1, '/');; p = strchr(p + 1, '/')) {
		char *part = p ? arena_strndup(rq->arena, dir, (size_t)(p - dir))
			       : (char *)dir;
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_sys(e, -errno, "cannot make the folder '%s'", part);
		if (!p)
			break;
	}
	_cleanup_fd_ int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		return err_sys(e, -errno, "cannot write '%s'", file);
	return 0;
}

static int edit(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	const char *file, *editor = getenv("VISUAL");
	rq->name = w->v[0];
	int r = own_file(rq, &file, e);
	if (r < 0)
		return r;
	if (!editor || !*editor)
		editor = getenv("EDITOR");
	if (!editor || !*editor)
		editor = "editor";
	/* the variable may hold words ("code --wait"), so the shell splits it; the file's
	 * name is a word of its own and never part of the line */
	const char *line = arena_printf(rq->arena, "exec %s \"$1\"", editor);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", line, "sh", file, (char *)NULL);
		_exit(EXIT_NOT_FOUND);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		return err_set(e, -ECHILD, "the editor '%s' did not end well", editor);
	return check(rq, w, e);
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { .arena = &arena };
	struct words w;
	(void)argc;
	if (words_read(&cmd_profile, argv, &rq, &w, e) < 0)
		return e->code;
	profile_dirs_init(&rq.dirs, &arena);
	int r = w.action->run(&rq, &w, e);
	arena_done(&arena);
	return r;
}

static const struct option_row show_options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs" },
	{ 0 },
};

static const struct option_row list_options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs" },
	{ .name = "names",
		.offset = offsetof(struct request, names),
		.help = "the names alone" },
	{ 0 },
};

static const struct action actions[] = {
	{ .name = "list", .operands = "", .options = list_options, .run = list },
	{ .name = "show",
		.operands = "NAME",
		.least = 1,
		.most = 1,
		.options = show_options,
		.run = show },
	{ .name = "check", .operands = "NAME", .least = 1, .most = 1, .run = check },
	{ .name = "edit", .operands = "NAME", .least = 1, .most = 1, .run = edit },
	{ 0 },
};

const struct command cmd_profile = {
	.name = "profile",
	.summary = "list, show, check or edit profiles",
	.actions = actions,
	.words_from = "profile list --names",
	.run = run,
};
