/* SPDX-License-Identifier: MIT */
/* profile.h - profile files: where they are, their syntax, and what they extend */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/diag.h"
#include "config/plan.h"
#include "config/settings.h"

enum {
	PROFILE_SIZE_MAX = 1024 * 1024, /* bytes of one file */
	PROFILE_LINE_MAX = 8192, /* bytes of one line */
	PROFILE_DEPTH_MAX = 16, /* of "extends" */
};

/* One "key = value" line. */
struct profile_entry {
	enum setting_id id;
	const char *text;
	struct origin at; /* of the value */
};

struct profile_entries {
	struct profile_entry *v;
	size_t n;
};

/* Reads the text of a profile. Pure: no files, no plan. @file names it in messages and
 * must live as long as the entries. All mistakes go to @d. */
void profile_parse(struct arena *a, const char *text, size_t size, const char *file,
	struct diags *d, struct profile_entries *ret);

/* The folders that hold profiles, least important first; ended by NULL. */
struct profile_dirs {
	const char *v[4];
};
/* From $SBOX_PROFILE_PATH's one folder or the installed one, /etc, and the user's. */
void profile_dirs_init(struct profile_dirs *dirs, struct arena *a);

/* Whether the file is one that sbox brings, not the administrator's or the user's. @file may
 * be a flag, or NULL. */
bool profile_is_brought(const struct profile_dirs *dirs, const char *file);

/* Reads a profile, what it extends and its drop-ins into the plan, in order. What it
 * extends gives neither description nor command, which tell of one profile alone.
 * @name: a name or, with a slash in it, a file. @at: who asks. */
void profile_load(struct plan *p, struct diags *d, const struct profile_dirs *dirs,
	const char *name, const struct origin *at);

/* The name of the profile whose "command" matches the program, as it was asked for, or
 * "default". */
const char *profile_for_command(
	struct arena *a, const struct profile_dirs *dirs, const char *program);

struct profile_info {
	const char *name;
	const char *file;
	const char *description; /* "" where it has none */
	struct list command;
	bool has_drop_ins;
};
struct profile_infos {
	struct profile_info *v;
	size_t n;
};
/* All profiles that can be named, by name; of several with one name, the one that counts. */
void profile_list(
	struct arena *a, const struct profile_dirs *dirs, struct profile_infos *ret);
/* The file of a profile by name or path, or NULL. */
const char *profile_find(
	struct arena *a, const struct profile_dirs *dirs, const char *name);
