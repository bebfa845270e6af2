/* SPDX-License-Identifier: MIT */
/* environ.c - the program's environment: what passes, what is set */
#include "resolve/environ.h"

#include <string.h>

#include "base/str.h"

static char **slot(struct env *env, const char *name, size_t len)
{
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			return &env->v[i];
	return NULL;
}

void env_set(struct arena *a, struct env *env, const char *name, const char *value)
{
	char **there = slot(env, name, strlen(name));
	if (!there)
		there = ARENA_PUSH(a, env);
	*there = arena_printf(a, "%s=%s", name, value);
}

const char *env_get(const struct env *env, const char *name)
{
	size_t len = strlen(name);
	char **there = slot((struct env *)env, name, len);
	return there ? *there + len + 1 : NULL;
}

static bool listed(const struct list *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (str_match(patterns->v[i].text, name))
			return true;
	return false;
}

void environ_begin(const struct ready *rd, struct env *env)
{
	const struct plan *p = rd->plan;
	struct arena *a = p->arena;
	bool root = rd->uid == 0;
	bool own_root =
		strcmp(p->root, "host") != 0; /* the host's shell may not be there */

	env_set(a, env, "PATH",
		root ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
		     : "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games");
	env_set(a, env, "HOME", rd->home ? rd->home : "/");
	env_set(a, env, "USER", root ? "root" : rd->host.user);
	env_set(a, env, "LOGNAME", root ? "root" : rd->host.user);
	env_set(a, env, "SHELL", own_root ? "/bin/sh" : rd->host.shell);
	env_set(a, env, "XDG_RUNTIME_DIR", arena_printf(a, "/run/user/%u", rd->uid));

	for (char *const *v = rd->host.environ; *v; v++) {
		const char *equals = strchr(*v, '=');
		if (!equals || equals == *v)
			continue;
		const char *name = arena_strndup(a, *v, (size_t)(equals - *v));
		if (listed(&p->pass_env, name) && !listed(&p->unset_env, name))
			env_set(a, env, name, equals + 1);
	}
}

void environ_finish(const struct ready *rd, struct env *env)
{
	const struct plan *p = rd->plan;
	for (size_t i = 0; i < p->env.n; i++)
		env_set(p->arena, env, p->env.v[i].text, p->env.v[i].arg);
	*ARENA_PUSH(p->arena, env) = NULL;
}
