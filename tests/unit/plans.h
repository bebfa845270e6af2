/* SPDX-License-Identifier: MIT */
/* plans.h - what the tests of src/config share: plans out of text, and comparing them */
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "config/cmdline.h"
#include "config/diag.h"
#include "config/profile.h"
#include "config/settings.h"
#include "config/show.h"
#include "same_plan.h"

/* A file need not use all of these. */
#define _unused_ __attribute__((unused))

static struct arena arena;
static struct diags diags = { .arena = &arena };

/* The words of a command line, as main() gets them. */
#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })

_unused_ static void apply_entries(struct plan *p, const struct profile_entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		setting_apply(p, &diags, entries->v[i].id, entries->v[i].text,
			&entries->v[i].at);
}

/* The plan that a profile's text gives, over the defaults; mistakes are in diags. */
_unused_ static struct plan plan_of_bytes(const char *text, size_t size)
{
	struct profile_entries entries = { 0 };
	struct plan p;
	plan_init(&p, &arena);
	profile_parse(&arena, text, size, "test.conf", &diags, &entries);
	apply_entries(&p, &entries);
	return p;
}

_unused_ static struct plan plan_of_text(const char *text)
{
	return plan_of_bytes(text, strlen(text));
}

/* The plan of the settings alone, without any profile. */
_unused_ static struct plan plan_of_words(char **words)
{
	struct cmdline c = { 0 };
	struct plan p;
	plan_init(&p, &arena);
	cmdline_parse(&arena, words, &diags, &c);
	apply_entries(&p, &c.entries);
	p.argv = c.program;
	return p;
}

_unused_ static void expect_no_mistake(void)
{
	cr_assert_eq(diags.n, 0, "%s:%u:%u: %s", diags.v[0].at.file, diags.v[0].at.line,
		diags.v[0].at.column, diags.v[0].msg);
}

_unused_ static struct plan good_text(const char *text)
{
	struct plan p = plan_of_text(text);
	expect_no_mistake();
	return p;
}

_unused_ static struct plan good_words(char **words)
{
	struct plan p = plan_of_words(words);
	expect_no_mistake();
	return p;
}

/* The one mistake there is; forgotten, so that another can be expected. */
_unused_ static struct diag only_mistake(void)
{
	cr_assert_eq(diags.n, 1, "%zu mistakes, the first: %s", diags.n,
		diags.n ? diags.v[0].msg : "none");
	struct diag d = diags.v[0];
	diags = (struct diags){ .arena = &arena };
	return d;
}

_unused_ static struct diag bad_text(const char *text)
{
	plan_of_text(text);
	return only_mistake();
}

_unused_ static struct diag bad_words(char **words)
{
	plan_of_words(words);
	return only_mistake();
}

#define cr_assert_contains(text, part) \
	do { \
		const char *text_ = (text), *part_ = (part); \
		cr_assert(text_ &&strstr(text_, part_), "'%s' does not tell '%s'", \
			text_, part_); \
	} while (0)

_unused_ static void expect_at(const struct diag *d, unsigned line, unsigned column)
{
	cr_assert_eq(d->at.line, line, "line %u: %s", d->at.line, d->msg);
	cr_assert_eq(d->at.column, column, "column %u: %s", d->at.column, d->msg);
}

_unused_ static const char *shown(const struct plan *p, bool origins)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	show_plan(f, p, origins);
	fclose(f);
	const char *copy = arena_strndup(&arena, text, size);
	free(text);
	return copy;
}

/* Asserts that printing and reading gives the same plan, and the same text again. */
_unused_ static void expect_round_trip(const struct plan *p)
{
	const char *text = shown(p, false);
	struct plan q = plan_of_text(text);
	cr_assert_eq(diags.n, 0, "%s\nreads back with: %s", text,
		diags.n ? diags.v[0].msg : "");
	const char *key = difference(p, &q);
	cr_assert_null(key, "%s reads back differently from:\n%s", key, text);
	cr_assert_str_eq(shown(&q, false), text);
}

/* ---- folders of profiles ---- */

/* A temporary folder with "low" and "high" in it, where profiles are looked for. */
struct _unused_ folders {
	char top[32];
	struct profile_dirs dirs;
};

_unused_ static struct folders folders_make(void)
{
	struct folders f = { .top = "/tmp/sbox-unit-XXXXXX" };
	cr_assert_not_null(mkdtemp(f.top));
	f.dirs.v[0] = arena_printf(&arena, "%s/low", f.top);
	f.dirs.v[1] = arena_printf(&arena, "%s/high", f.top);
	cr_assert_eq(mkdir(f.dirs.v[0], 0700), 0);
	cr_assert_eq(mkdir(f.dirs.v[1], 0700), 0);
	return f;
}

_unused_ static const char *path_in(const struct folders *f, const char *name)
{
	return arena_printf(&arena, "%s/%s", f->top, name);
}

/* @name with the folders that it needs, such as "low/a.d/b.conf". */
_unused_ static void put(const struct folders *f, const char *name, const char *text)
{
	char *path = arena_printf(&arena, "%s/%s", f->top, name);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "we");
	cr_assert_not_null(file, "%s", path);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

_unused_ static void folders_remove(const struct folders *f)
{
	const char *command = arena_printf(&arena, "rm -rf '%s'", f->top);
	cr_assert_eq(system(command), 0);
}
