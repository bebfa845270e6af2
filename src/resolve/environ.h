/* SPDX-License-Identifier: MIT */
/* environ.h - the program's environment: what passes, what is set */
#pragma once

#include "resolve/ready.h"

struct env {
	char **v; /* NULL at the end once finished */
	size_t n;
};

/* Sets or replaces. */
void env_set(struct arena *a, struct env *env, const char *name, const char *value);
const char *env_get(const struct env *env, const char *name);

/* The base environment: HOME, PATH and their like, then what passes by pass-env. What
 * desktop settings and the plan's env add comes after. */
void environ_begin(const struct ready *rd, struct env *env);
/* The plan's own variables, which win over all; ends the list. */
void environ_finish(const struct ready *rd, struct env *env);
