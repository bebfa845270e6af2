/* SPDX-License-Identifier: MIT */
/* profile.c - any bytes as a profile: mistakes have a place, and a plan reads back as itself
 *
 * What is read without a mistake is printed, and the print must be read without one too,
 * as the same plan.
 */
#include "config/profile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config/show.h"

#include "../unit/same_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_plan(struct plan *p, struct diags *d, const char *text, size_t size)
{
	struct profile_entries entries = { 0 };
	plan_init(p, d->arena);
	profile_parse(d->arena, text, size, "fuzz.conf", d, &entries);
	for (size_t i = 0; i < entries.n; i++)
		setting_apply(p, d, entries.v[i].id, entries.v[i].text, &entries.v[i].at);
}

static char *print_plan(const struct plan *p, bool origins, size_t *ret_size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_size);
	show_plan(f, p, origins);
	fclose(f);
	return text;
}

static bool long_line(const char *text)
{
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		if (strcspn(p, "\n") > PROFILE_LINE_MAX)
			return true;
	return false;
}

/* Nothing that a terminal would act on gets out, and every line is whole. */
static void check_clean(const char *text, size_t size)
{
	if (strlen(text) != size || (size && text[size - 1] != '\n'))
		abort();
	for (const char *p = text; *p; p++)
		if (*p != '\n' && *p != '\t' && str_is_control(p))
			abort();
}

static void check_reads_back(struct arena *a, const struct plan *p, bool origins)
{
	struct diags d = { .arena = a };
	struct plan q;
	size_t size, again;
	char *text = print_plan(p, origins, &size);
	check_clean(text, size);
	if (!long_line(text)) { /* what grew over the limit by its quotes */
		read_plan(&q, &d, text, size);
		char *same = print_plan(&q, false, &again);
		if (d.n || difference(p, &q) || (!origins && strcmp(text, same) != 0))
			abort();
		free(same);
	}
	free(text);
}

/* The bytes of the line that a mistake tells, or 0 where there is no such line. */
static size_t line_length(const char *text, size_t size, unsigned line)
{
	const char *p = text, *end = text + size;
	for (; line > 1 && p; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return 0;
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	return (size_t)((newline ? newline : end) - p) + 1;
}

static void check_places(const struct diags *d, const char *text, size_t size)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->v[i].at.line || !d->v[i].at.column ||
			d->v[i].at.column > line_length(text, size, d->v[i].at.line))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct diags d = { .arena = &a };
	struct plan p;
	/* a copy of its own size, so that a sanitizer sees the end */
	char *text = malloc(size ? size : 1);
	if (size)
		memcpy(text, data, size);
	read_plan(&p, &d, text, size);
	check_places(&d, text, size);
	if (d.n == 0) {
		check_reads_back(&a, &p, false);
		check_reads_back(&a, &p, true);
	}
	free(text);
	arena_done(&a);
	return 0;
}
