/* SPDX-License-Identifier: MIT */
/* same_plan.h - whether two plans are the same, member by member, origins aside */
#pragma once

#include <string.h>

#include "config/settings.h"

static inline bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool same_list(const struct list *a, const struct list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct item *x = &a->v[i], *y = &b->v[i];
		if (!same_string(x->text, y->text) || !same_string(x->arg, y->arg) ||
			x->size != y->size || x->mode != y->mode ||
			x->optional != y->optional || x->write != y->write)
			return false;
	}
	return true;
}

static inline bool same_member(
	const struct setting *s, const struct plan *p, const struct plan *q)
{
	const void *a = setting_member_const(s, p), *b = setting_member_const(s, q);
	if (s->type->list)
		return same_list(a, b);
	if (s->type == &value_bool)
		return *(const bool *)a == *(const bool *)b;
	if (s->type == &value_enum)
		return *(const int *)a == *(const int *)b;
	if (s->type == &value_fd || s->type == &value_duration ||
		s->type == &value_offset)
		return *(const int64_t *)a == *(const int64_t *)b;
	return same_string(*(const char *const *)a, *(const char *const *)b);
}

/* NULL, or the key of a setting that differs; which profiles were read is no setting. */
static inline const char *difference(const struct plan *p, const struct plan *q)
{
	for (unsigned id = 0; id < SET_COUNT; id++)
		if (!(settings[id].flags & S_PROFILE) &&
			!same_member(&settings[id], p, q))
			return settings[id].key;
	return NULL;
}
