/* SPDX-License-Identifier: MIT */
/* desktop_find.h - the launchers that desktops see: which there are, and whose */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/launcher.h"

/* The user's launcher of an application. */
enum app_own { APP_OWN_NONE, APP_OWN_MANAGED, APP_OWN_FOREIGN };

struct app {
	const char *id; /* with .desktop */
	const char *own; /* path of the user's launcher, be it there or not */
	enum app_own state; /* of @own; managed: written by sbox */
	const char *backup; /* path where --force keeps a foreign one */
	const char
		*source; /* path of the launcher that sbox is put in front of, or NULL */
	struct launcher managed; /* what @own says, with APP_OWN_MANAGED */
};

struct apps {
	struct app *v; /* in the order of the ids */
	size_t n;
	const char *own_dir; /* the user's folder; need not exist */
	const char *dirs; /* all folders, for messages */
};

/* All applications with a launcher in $XDG_DATA_HOME or $XDG_DATA_DIRS. 0, or negative
 * errno where it is not known where the user's launchers are. */
int apps_list(struct arena *a, struct apps *ret, struct err *e);

/* The application that @name means: an id, or else the name or path of the program that
 * its launcher starts. @managed: only among those that sbox wrote. NULL with @e set. */
const struct app *apps_find(struct arena *a, const struct apps *apps, const char *name,
	bool managed, struct err *e);

/* Reads a launcher. @link: whether the path may be a symbolic link. 0 or negative errno. */
int app_read(struct arena *a, const char *path, bool link, struct launcher *ret,
	struct err *e);
