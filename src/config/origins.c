/* SPDX-License-Identifier: MIT */
/* origins.c - where the lines of a listing come from, told short, and the files in full below
 *
 * A profile's path is longer than most rules and the same in nearly all lines, which a
 * terminal would break. What programs read (--json) has it whole.
 */
#include "config/origins.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"

enum { LISTING_WIDTH = 80 };

static const char *escaped(struct arena *a, const char *text)
{
	char safe[1024];
	str_escape_controls(safe, sizeof(safe), text);
	return arena_strdup(a, safe);
}

/* The last part of the path; of an addition to a profile its folder, too, which says to
 * which one. */
static const char *tail(struct arena *a, const char *file)
{
	const char *dir = path_dirname(a, file);
	return str_ends(dir, ".d") ? file + (path_basename(dir) - dir)
				   : path_basename(file);
}

static const char *name_of(struct origins *o, const char *file)
{
	const char *name = escaped(o->arena, tail(o->arena, file));
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->v[i].file, file) == 0)
			return o->v[i].name;
		if (strcmp(o->v[i].name, name) == 0) /* of another folder */
			name = escaped(o->arena, file);
	}
	struct origin_name *entry = ARENA_PUSH(o->arena, o);
	*entry = (struct origin_name){ .file = file, .name = name };
	return name;
}

const char *origins_text(struct origins *o, const struct origin *at)
{
	if (!at->file || !at->line)
		return escaped(o->arena, origin_text(o->arena, at));
	return arena_printf(o->arena, "%s:%u", name_of(o, at->file), at->line);
}

void origins_line(FILE *f, struct origins *o, const char *text, size_t column,
	const struct origin *at, bool widens)
{
	const char *comment = arena_printf(
		o->arena, "# %s%s", origins_text(o, at), widens ? " (widens)" : "");
	size_t len = strlen(text), room = strlen(comment);
	if (len >= column && len + 1 + room <= LISTING_WIDTH)
		column = len + 1;
	else if (column + room > LISTING_WIDTH)
		column = room < LISTING_WIDTH ? LISTING_WIDTH - room : 0;
	fputs(text, f);
	if (len >= column) {
		fputc('\n', f);
		len = 0;
	}
	fprintf(f, "%*s%s\n", (int)(column - len), "", comment);
}

void origins_files(FILE *f, const struct origins *o)
{
	size_t widest = 0;
	for (size_t i = 0; i < o->n; i++)
		if (strlen(o->v[i].name) > widest)
			widest = strlen(o->v[i].name);
	for (size_t i = 0; i < o->n; i++)
		fprintf(f, "%s# %-*s  %s\n", i == 0 ? "\n" : "", (int)widest,
			o->v[i].name, escaped(o->arena, o->v[i].file));
}
