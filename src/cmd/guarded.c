/* SPDX-License-Identifier: MIT */
/* guarded.c - paths that are brought home from a layer only when they are named
 *
 * What programs of the user read as commands (shell start files, autostart, .git) is listed
 * once, in profiles, as what no sandbox may write: the same lists serve here. A rule about
 * the working directory is taken for any directory, as nobody stands anywhere now.
 */
#include "cmd/guarded.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "resolve/expand.h"

static const char cwd_prefix[] = "${CWD}/";

static void add_path(struct guarded *g, struct arena *a, const char *path)
{
	const char *real = path_real(a, path);
	*ARENA_PUSH(a, &g->paths) = path;
	if (strcmp(real, path) != 0)
		*ARENA_PUSH(a, &g->paths) = real;
}

static void add_list(
	struct guarded *g, struct arena *a, struct host *h, const struct list *list)
{
	struct diags ignored = { .arena = a };
	for (size_t i = 0; i < list->n; i++) {
		const struct item *item = &list->v[i];
		if (str_starts(item->text, cwd_prefix)) {
			*ARENA_PUSH(a, &g->names) = item->text + strlen(cwd_prefix);
			continue;
		}
		const char *path =
			expand_path(a, h, &ignored, item->text, true, &item->at);
		if (path)
			add_path(g, a, path);
	}
}

void guarded_init(
	struct guarded *g, struct arena *a, struct host *h, const struct plan *p)
{
	static const enum path_variable own[] = { VAR_XDG_CONFIG_HOME, VAR_XDG_DATA_HOME,
		VAR_XDG_CACHE_HOME };
	*g = (struct guarded){ 0 };
	add_list(g, a, h, &p->secret);
	add_list(g, a, h, &p->protect);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		add_path(g, a, arena_printf(a, "%s/sbox", h->vars[own[i]]));
}

/* The part of @path up to the name (one or more components), or NULL. */
static const char *up_to(struct arena *a, const char *path, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = path; (p = strstr(p, name)); p++)
		if (p > path && p[-1] == '/' && (p[len] == '/' || !p[len]))
			return arena_strndup(a, path, (size_t)(p - path) + len);
	return NULL;
}

const char *guarded_by(
	struct arena *a, const struct guarded *g, const char *path, bool whole)
{
	for (size_t i = 0; i < g->paths.n; i++)
		if (path_is_below(path, g->paths.v[i]) ||
			(whole && path_is_below(g->paths.v[i], path)))
			return g->paths.v[i];
	for (size_t i = 0; i < g->names.n; i++) {
		const char *found = up_to(a, path, g->names.v[i]);
		if (found)
			return found;
	}
	return NULL;
}
