/* SPDX-License-Identifier: MIT */
/* table.c - rows of text in columns, each as wide as it needs and the terminal has room for */
#include "cmd/table.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

/* A character takes one column: the wide ones of East Asia would need a table of them all,
 * for names that are nearly always ASCII. */
static size_t columns_of(const char *text)
{
	size_t n = 0;
	for (; *text; text += str_utf8(text) ? str_utf8(text) : 1)
		n++;
	return n;
}

static void widen(struct table *t, size_t column, const char *text)
{
	size_t n = columns_of(text);
	if (n > t->width[column])
		t->width[column] = n;
}

void table_begin(
	struct table *t, struct arena *a, const struct column *columns, size_t n_columns)
{
	*t = (struct table){ .arena = a, .columns = columns, .n_columns = n_columns };
	for (size_t i = 0; i < n_columns; i++)
		widen(t, i, columns[i].title);
}

void table_add(struct table *t, const char *const *cells)
{
	struct row *row = ARENA_PUSH(t->arena, t);
	for (size_t i = 0; i < t->n_columns; i++) {
		row->cells[i] = cells[i];
		widen(t, i, cells[i]);
	}
}

/* Text and blanks as far as there is room; @room: columns, reduced by what was used. */
static void put(FILE *f, const char *text, size_t *room)
{
	while (*text && *room > 0) {
		size_t len = str_utf8(text);
		fwrite(text, 1, len ? len : 1, f);
		text += len ? len : 1;
		(*room)--;
	}
}

static void blanks(FILE *f, size_t n, size_t *room)
{
	while (n-- > 0)
		put(f, " ", room);
}

/* One column less of the widest text that can spare it; the last has what is left, and
 * numbers are not to be read without all of their digits. */
static bool narrow_one(struct table *t)
{
	enum { LEAST = 10 };
	size_t widest = 0;
	for (size_t i = 1; i + 1 < t->n_columns; i++)
		if (!t->columns[i].right &&
			(t->columns[widest].right || t->width[i] > t->width[widest]))
			widest = i;
	if (t->n_columns < 2 || t->columns[widest].right || t->width[widest] <= LEAST)
		return false;
	t->width[widest]--;
	return true;
}

void table_fit(struct table *t, size_t width)
{
	enum { LAST = 12 };
	size_t all = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		bool cut = i + 1 == t->n_columns && t->width[i] > LAST;
		all += (cut ? LAST : t->width[i]) + (i > 0 ? 2 : 0);
	}
	for (; width && all > width && narrow_one(t); all--)
		;
}

static const char *skip(const char *text, size_t n)
{
	for (; n > 0; n--)
		text += str_utf8(text) ? str_utf8(text) : 1;
	return text;
}

/* Of a text that is too long its begin and its end, which tells apart what was numbered. */
static const char *shortened(struct arena *a, const char *text, size_t width)
{
	size_t n = columns_of(text), end = width / 3;
	if (n <= width)
		return text;
	return arena_printf(a, "%.*s..%s", (int)(skip(text, width - 2 - end) - text),
		text, skip(text, n - end));
}

void table_line(FILE *f, const struct table *t, ssize_t row, size_t width)
{
	size_t room = width ? width : (size_t)-1;
	for (size_t i = 0; i < t->n_columns; i++) {
		const char *text = row < 0 ? t->columns[i].title : t->v[row].cells[i];
		bool right = t->columns[i].right, last = i + 1 == t->n_columns;
		if (!last)
			text = shortened(t->arena, text, t->width[i]);
		size_t empty = t->width[i] - columns_of(text);
		if (i > 0)
			blanks(f, 2, &room);
		if (right)
			blanks(f, empty, &room);
		put(f, text, &room);
		if (!right && !last)
			blanks(f, empty, &room);
	}
}

void table_print(FILE *f, struct table *t, size_t width)
{
	table_fit(t, width);
	for (ssize_t row = -1; row < (ssize_t)t->n; row++) {
		table_line(f, t, row, width);
		fputc('\n', f);
	}
}

size_t table_terminal_width(int fd)
{
	struct winsize size;
	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
