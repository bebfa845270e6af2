/* SPDX-License-Identifier: MIT */
/* layer.c - any bytes as a layer's record: what is accepted is written and read the same */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, const struct layer *l)
{
	struct layer again = { 0 };
	unsigned version;
	const char *text = record_format(a, l);
	if (strlen(text) > RECORD_MAX)
		return;
	if (record_parse(a, text, strlen(text), &again, &version) < 0 ||
		again.base != l->base || again.since_ns != l->since_ns ||
		again.trees.n != l->trees.n || !l->base_name != !again.base_name)
		abort();
	for (size_t i = 0; i < l->trees.n; i++)
		if (strcmp(l->trees.v[i].path, again.trees.v[i].path) != 0 ||
			l->trees.v[i].path[0] != '/' ||
			l->trees.v[i].number != again.trees.v[i].number)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct layer l = { 0 };
	unsigned version;
	if (record_parse(&a, (const char *)data, size, &l, &version) == 0)
		check(&a, &l);
	arena_done(&a);
	return 0;
}
