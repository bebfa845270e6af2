/* SPDX-License-Identifier: MIT */
/* table.h - rows of text in columns, each as wide as it needs and the terminal has room for */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

struct column {
	const char *title;
	bool right; /* numbers */
};

enum { TABLE_COLUMNS_MAX = 16 };

struct row {
	const char *cells[TABLE_COLUMNS_MAX];
};

struct table {
	struct arena *arena;
	const struct column *columns;
	size_t n_columns;
	size_t width
		[TABLE_COLUMNS_MAX]; /* of the widest in each, unless it was narrowed */
	struct row *v;
	size_t n;
};

void table_begin(
	struct table *t, struct arena *a, const struct column *columns, size_t n_columns);
/* One more row; the texts of @cells, UTF-8 without controls, are borrowed. */
void table_add(struct table *t, const char *const *cells);
/* All of it with its titles; @width: of the terminal, 0 for no terminal: nothing is cut. */
void table_print(FILE *f, struct table *t, size_t width);
/* Narrows columns of text, where there is no room for all in @width (0: there is), so that
 * the last can be seen; longer texts in them are shown by their begin and their end. */
void table_fit(struct table *t, size_t width);
/* One line, the titles' where @row is -1, without its end, cut to @width (0: not). */
void table_line(FILE *f, const struct table *t, ssize_t row, size_t width);
/* How wide the terminal is that @fd is; 0: it is none. */
size_t table_terminal_width(int fd);
