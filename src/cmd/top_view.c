/* SPDX-License-Identifier: MIT */
/* top_view.c - what "sbox top" shows: one look at all instances, and the text of it */
#include "cmd/top_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/macros.h"
#include "cmd/instances.h"
#include "cmd/table.h"

/* ---- numbers ---- */

static const struct top_row *same_in(
	const struct top_look *before, const struct top_row *row)
{
	const struct instance_state *s = &row->use.info.state;
	for (size_t i = 0; i < before->n; i++) {
		const struct top_row *old = &before->v[i];
		if (strcmp(old->use.info.state.id, s->id) == 0 &&
			old->use.info.pid == row->use.info.pid &&
			old->use.info.state.started == s->started)
			return old;
	}
	return NULL;
}

void top_shares(struct top_look *look, const struct top_look *before)
{
	int64_t passed_us = look->at_us - before->at_us;
	for (size_t i = 0; i < look->n; i++) {
		struct top_row *row = &look->v[i];
		const struct top_row *old = same_in(before, row);
		int64_t now = row->use.usage.cpu_us;
		int64_t then = old ? old->use.usage.cpu_us : USAGE_UNKNOWN;
		row->share = USAGE_UNKNOWN;
		if (now >= then && then >= 0 && passed_us > 0)
			row->share = (now - then) * 10000 / passed_us;
	}
}

static int64_t key_of(const struct top_row *row, enum top_order order)
{
	switch (order) {
	case TOP_BY_CPU:
		return row->share;
	case TOP_BY_MEMORY:
		return row->use.usage.memory;
	case TOP_ORDER_COUNT:
		break;
	}
	return 0;
}

/* The most first; alike ones keep the order of their age, so that they do not dance. */
static int compare(const void *x, const void *y, void *order)
{
	const struct top_row *a = x, *b = y;
	int64_t m = key_of(a, *(enum top_order *)order);
	int64_t n = key_of(b, *(enum top_order *)order);
	if (m != n)
		return m > n ? -1 : 1;
	return instance_compare_age(&a->use.info, &b->use.info);
}

void top_sort(struct top_look *look, enum top_order order)
{
	if (look->n > 0)
		qsort_r(look->v, look->n, sizeof(*look->v), compare, &order);
}

size_t top_find(const struct top_look *look, const char *id, size_t otherwise)
{
	for (size_t i = 0; id && i < look->n; i++)
		if (strcmp(look->v[i].use.info.state.id, id) == 0)
			return i;
	return look->n == 0 ? 0 : otherwise < look->n ? otherwise : look->n - 1;
}

/* ---- text ---- */

static void add_row(struct table *t, struct top_row *row)
{
	struct arena *a = t->arena;
	const struct usage *g = &row->use.usage;
	const struct instance_state *s = &row->use.info.state;
	char age[HUMAN_MAX];
	table_add(t,
		(const char *[]){ s->id, s->profile ? s->profile : UNKNOWN,
			g->frozen ? "paused" : use_share(a, row->share),
			use_size(a, g->memory), use_size(a, g->memory_limit),
			use_of(a, g->pids, g->pids_limit), use_time(a, g->cpu_us),
			arena_strdup(a, human_age(age, instance_age(s))),
			s->command ? s->command : UNKNOWN });
}

static void fill_table(struct table *t, struct top_look *look)
{
	static const struct column columns[] = {
		{ .title = "ID" },
		{ .title = "PROFILE" },
		{ .title = "CPU", .right = true },
		{ .title = "MEMORY", .right = true },
		{ .title = "LIMIT", .right = true },
		{ .title = "PIDS", .right = true },
		{ .title = "TIME", .right = true },
		{ .title = "AGE", .right = true },
		{ .title = "COMMAND" },
	};
	table_begin(t, &look->arena, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < look->n; i++)
		add_row(t, &look->v[i]);
}

static void put_line(FILE *f, const struct table *t, ssize_t row,
	const struct top_view *view, const char *style)
{
	bool chosen = row >= 0 && view->selected &&
		strcmp(t->v[row].cells[0], view->selected) == 0;
	bool styled = view->styled && style;
	fprintf(f, "%s%s", styled ? style : "", chosen ? "> " : "  ");
	table_line(f, t, row, view->columns > 2 ? view->columns - 2 : 1);
	fputs(styled ? "\033[0m\n" : "\n", f);
}

/* The first row to show, so that the selected one can be seen. */
static size_t first_row(
	const struct top_look *look, const struct top_view *view, size_t room)
{
	size_t selected = top_find(look, view->selected, 0);
	return selected < room ? 0 : selected - room + 1;
}

const char *top_text(struct top_look *look, const struct top_view *view, size_t *ret_size)
{
	static const char *const orders[] = { "CPU", "memory" };
	enum { AROUND = 3 }; /* lines that are no rows */
	struct table t;
	char *text = NULL;
	size_t room = view->rows > AROUND ? view->rows - AROUND : 1;
	FILE *f = open_memstream(&text, ret_size);
	if (!f)
		return NULL;
	fill_table(&t, look);
	table_fit(&t, view->columns > 2 ? view->columns - 2 : 1);
	fprintf(f, "sbox top: %zu running, sorted by %s\n", look->n, orders[view->order]);
	put_line(f, &t, -1, view, "\033[7m");
	size_t first = first_row(look, view, room), i = first;
	for (; i < look->n && i - first < room; i++) {
		const char *id = look->v[i].use.info.state.id;
		bool selected = view->selected && strcmp(id, view->selected) == 0;
		put_line(f, &t, (ssize_t)i, view, selected ? "\033[1m" : NULL);
	}
	for (; i - first < room; i++)
		fputc('\n', f);
	fprintf(f, "%s\n",
		view->message
			? view->message
			: "up/down select  p pause or resume  k kill  s sort  q quit");
	fclose(f);
	const char *copy = arena_strndup(&look->arena, text, *ret_size);
	free(text);
	return copy;
}
