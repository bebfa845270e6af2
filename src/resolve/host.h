/* SPDX-License-Identifier: MIT */
/* host.h - the caller as the host knows it: ids, names, home, folders, environment */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/template.h"

struct host {
	uid_t uid;
	gid_t gid;
	const char *user, *group; /* names; the number as text where there is none */
	const char *home; /* absolute, normalized */
	const char *shell;
	const char *cwd; /* NULL: the working directory is gone or out of reach */
	const char *runtime_dir; /* NULL: no session */
	char *const *environ;
	/* Values of the variables; those of the XDG user directories only after
	 * host_user_dirs(). NULL: there is no such thing. */
	const char *vars[VAR_COUNT];
	/* Those of sbox's own folders as they were named, where a link may be on the way. */
	const char *named[VAR_COUNT];
	bool user_dirs_read;
};

/* 0, or negative errno with @e set. Refuses to run with ids that are not the caller's. */
int host_init(struct host *h, struct arena *a, struct err *e);
/* Reads ~/.config/user-dirs.dirs, once. A directory that is the home itself counts as
 * none: xdg-user-dirs writes that for one that the user removed. */
void host_user_dirs(struct host *h, struct arena *a);
/* Whether the host has a user of this number. */
bool host_has_user(struct arena *a, unsigned id);
/* The shell that the passwd of another system's tree names for @id; NULL where it names
 * none, or none that is there. */
const char *host_shell_in(struct arena *a, const char *tree, unsigned id);
/* Where our own helper @name is. */
const char *host_libexec(const struct host *h, struct arena *a, const char *name);
/* A variable of the caller's environment; NULL where unset or empty. */
const char *host_env(const struct host *h, const char *name);
