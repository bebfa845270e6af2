/* SPDX-License-Identifier: MIT */
/* top_view.h - what "sbox top" shows: one look at all instances, and the text of it */
#pragma once

#include "cmd/use.h"

enum top_order { TOP_BY_CPU, TOP_BY_MEMORY, TOP_ORDER_COUNT };

/* One instance at one moment. */
struct top_row {
	struct use use;
	int64_t share; /* of one processor since the look before, in hundredths of a percent */
};

/* All of them at one moment; @arena is its own. */
struct top_look {
	struct arena arena;
	int64_t at_us;
	struct top_row *v;
	size_t n;
};

struct top_view {
	enum top_order order;
	unsigned rows, columns; /* of the terminal */
	bool styled;
	const char *selected; /* an id; NULL: none */
	const char *message; /* for the last line; NULL: what keys there are */
};

/* Shares come from what was seen @before. */
void top_shares(struct top_look *look, const struct top_look *before);
void top_sort(struct top_look *look, enum top_order order);
/* The index of the instance @id, or @otherwise, and always one that there is; 0 of none. */
size_t top_find(const struct top_look *look, const char *id, size_t otherwise);
/* The text of the screen, lines ended by "\n", in look->arena. */
const char *top_text(
	struct top_look *look, const struct top_view *view, size_t *ret_size);
