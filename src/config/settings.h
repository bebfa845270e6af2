/* SPDX-License-Identifier: MIT */
/* settings.h - the table: one row for each setting, the only place where it is defined */
#pragma once

#include "config/value.h"

enum {
	S_WIDENS = 1u << 0, /* can give the sandbox more than it would have */
	S_FILE = 1u << 1, /* in profile files only */
	S_CMDLINE = 1u << 2, /* on the command line only */
	S_PROFILE = 1u << 3, /* names profiles to read; the loader handles it */
};

struct setting {
	const char *key; /* also the long flag */
	const char *section; /* NULL with S_CMDLINE */
	const char *alias; /* another long flag for it */
	char short_flag;
	const struct value_type *type;
	size_t offset; /* in struct plan */
	const char *const *choices;
	const char *metavar;
	const char *help; /* one line, no full stop */
	const char
		*doc; /* the man page's paragraph; plain text, \n\n between paragraphs */
	unsigned flags;
};

extern const struct setting settings[SET_COUNT];

/* In the order in which help and man pages show them. */
extern const char *const setting_sections[];

/* By key or alias; SET_COUNT where there is none. */
/* The long flag of @s, without its dashes. */
const char *setting_flag(const struct setting *s);
enum setting_id setting_find(const char *key);
enum setting_id setting_find_short(char flag);
/* For "did you mean": the nearest key that may stand where @forbidden flags may not. */
const char *setting_nearest(const char *key, unsigned forbidden);
const char *setting_metavar(const struct setting *s);
static inline void *setting_member(const struct setting *s, struct plan *p)
{
	return (char *)p + s->offset;
}
static inline const void *setting_member_const(
	const struct setting *s, const struct plan *p)
{
	return (const char *)p + s->offset;
}

/* Reads @text into the plan's member and keeps @at as its origin. An empty text clears a
 * list. Mistakes go to @d; the plan is then not to be used. */
void setting_apply(struct plan *p, struct diags *d, enum setting_id id, const char *text,
	const struct origin *at);
