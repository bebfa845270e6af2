/* SPDX-License-Identifier: MIT */
/* origins.h - where the lines of a listing come from, told short, and the files in full below */
#pragma once

#include <stdio.h>

#include "config/plan.h"

/* The files that were named so far, each by as little of its path as tells it apart. */
struct origins {
	struct arena *arena;
	struct origin_name {
		const char *file, *name;
	} * v;
	size_t n;
};

/* As origin_text(), with the file's short name: "browser.conf:8", "browser.d/local.conf:2". */
const char *origins_text(struct origins *o, const struct origin *at);
/* @text and behind it, as a comment in @column, its origin and whether it widens: within 80
 * columns, so on a line of its own where there is no room beside @text. */
void origins_line(FILE *f, struct origins *o, const char *text, size_t column,
	const struct origin *at, bool widens);
/* What the short names stand for, as comments; nothing where no file was named. */
void origins_files(FILE *f, const struct origins *o);
