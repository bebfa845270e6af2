/* SPDX-License-Identifier: MIT */
/* program.c - which program is executed, with which words, and where it starts
 *
 * PATH is searched inside the sandbox, by trying: what the host has under a name says
 * nothing about what is there.
 */
#include "resolve/program.h"

#include <string.h>

#include "base/path.h"

struct words {
	char **v;
	size_t n;
};

/* A copy: the launcher's own words are wiped before the program runs. */
static void push(struct arena *a, struct words *w, const char *word)
{
	*ARENA_PUSH(a, w) = word ? arena_strdup(a, word) : NULL;
}

static void search_path(
	struct arena *a, const char *name, const char *path, struct words *out)
{
	if (strchr(name, '/')) {
		push(a, out, name);
		return;
	}
	for (const char *p = path; *name; p++) {
		size_t len = strcspn(p, ":");
		if (len > 0) /* an empty entry would be the working directory */
			push(a, out, arena_printf(a, "%.*s/%s", (int)len, p, name));
		p += len;
		if (!*p)
			break;
	}
}

static void start_in(struct ready *rd)
{
	const struct plan *p = rd->plan;
	struct words dirs = { 0 };
	char *path;
	if (p->chdir) {
		push(p->arena, &dirs, p->chdir);
		rd->chdir_required = true;
	} else {
		if (rd->host.cwd && path_normalize(p->arena, rd->host.cwd, &path) == 0)
			push(p->arena, &dirs, path);
		if (rd->home)
			push(p->arena, &dirs, rd->home);
		push(p->arena, &dirs, "/");
	}
	push(p->arena, &dirs, NULL);
	rd->chdirs = (const char *const *)dirs.v;
}

void program_resolve(struct ready *rd, const struct env *env)
{
	const struct plan *p = rd->plan;
	struct arena *a = p->arena;
	struct words argv = { 0 }, candidates = { 0 }, shell = { 0 };

	if (p->shell_command) {
		push(a, &argv, "/bin/sh");
		push(a, &argv, "-c");
		push(a, &argv, p->shell_command);
		/* sh takes the first further word as $0 */
	}
	for (char *const *word = p->argv; word && *word; word++)
		push(a, &argv, *word);
	if (argv.n == 0) {
		const char *user_shell = env_get(env, "SHELL");
		push(a, &argv, user_shell);
		push(a, &candidates, user_shell);
		push(a, &candidates, "/bin/sh");
	} else {
		search_path(a, argv.v[0], env_get(env, "PATH"), &candidates);
	}
	push(a, &shell, "/bin/sh");
	push(a, &shell, NULL); /* the script's path, filled in when it is known */
	for (size_t i = 1; i < argv.n; i++)
		push(a, &shell, argv.v[i]);

	rd->program = argv.v[0];
	push(a, &argv, NULL);
	push(a, &shell, NULL);
	push(a, &candidates, NULL);
	rd->argv = argv.v;
	rd->shell_argv = shell.v;
	rd->candidates = (const char *const *)candidates.v;
	start_in(rd);
}
