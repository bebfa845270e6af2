/* SPDX-License-Identifier: MIT */
/* arena.h - memory that lives as long as one run, freed at once
 *
 * The plan and everything that is made of it lives in one arena, so nothing below has an
 * owner to remember. Running out of memory ends the program with EXIT_SBOX: all use of an
 * arena is before the first clone, when nothing needs undoing yet.
 */
#pragma once

#include <stddef.h>

#include "base/macros.h"

struct arena_block;

struct arena {
	struct arena_block *block;
};

void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);
void arena_done(struct arena *a);

/* Appends room for one element to an array in the arena; returns the new element, zeroed.
 * @v: pointer to the array pointer, @n: its count, grown by one. */
void *arena_grow(struct arena *a, void *v, size_t *n, size_t element_size);
#define ARENA_PUSH(a, list) \
	((__typeof__((list)->v))arena_grow( \
		(a), &(list)->v, &(list)->n, sizeof(*(list)->v)))
