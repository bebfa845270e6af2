/* SPDX-License-Identifier: MIT */
/* diag.c - all mistakes of one run's configuration, collected to be told together */
#include "config/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct diag *diag_add(struct diags *d, const struct origin *at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	struct diag *entry = ARENA_PUSH(d->arena, d);
	entry->msg = arena_strdup(d->arena, text);
	entry->about = SET_COUNT;
	if (at)
		entry->at = *at;
	return entry;
}

bool diag_is_about(const struct diags *d, enum setting_id id)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].about == id || d->v[i].about == SET_EXTENDS)
			return true;
	return false;
}

/* Mistakes of one file stand together, at the first one's place, and by line in it: syntax
 * is told before values are read, which would be out of order. */
static int by_place(const void *x, const void *y)
{
	const struct diag *a = *(const struct diag *const *)x;
	const struct diag *b = *(const struct diag *const *)y;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.line && a->at.column != b->at.column)
		return a->at.column < b->at.column ? -1 : 1;
	return (a > b) - (a < b);
}

/* The flags of a command line are one place, in their own order. */
static bool same_place(const struct origin *a, const struct origin *b)
{
	if (a->line == 0 || b->line == 0)
		return a->line == b->line;
	return strcmp(a->file, b->file) == 0;
}

static void print(const struct diag *entry)
{
	const struct origin *at = &entry->at;
	if (at->file && at->line)
		log_error("%s:%u:%u: %s", at->file, at->line, at->column, entry->msg);
	else if (at->file)
		log_error("%s: %s", at->file, entry->msg);
	else
		log_error("%s", entry->msg);
	if (entry->hint)
		log_hint("%s", entry->hint);
}

size_t diag_print_all(const struct diags *d)
{
	if (d->n == 0)
		return 0;
	struct diag **sorted = arena_alloc(d->arena, d->n * sizeof(struct diag *));
	for (size_t i = 0; i < d->n; i++) {
		size_t first = 0;
		while (!same_place(&d->v[first].at, &d->v[i].at))
			first++;
		d->v[i].group = first;
		sorted[i] = &d->v[i];
	}
	qsort(sorted, d->n, sizeof(struct diag *), by_place);
	for (size_t i = 0; i < d->n; i++)
		print(sorted[i]);
	return d->n;
}
