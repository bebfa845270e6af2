/* SPDX-License-Identifier: MIT */
/* arena.c - memory that lives as long as one run, freed at once */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

enum { BLOCK_SIZE = 16 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	max_align_t data[];
};

static void out_of_memory(void)
{
	static const char text[] = "sbox: out of memory\n";
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(EXIT_SBOX);
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + align - 1) & ~(align - 1);

	struct arena_block *b = a->block;
	if (!b || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		b = calloc(1, sizeof(*b) + room);
		if (!b)
			out_of_memory();
		b->size = room;
		b->next = a->block;
		a->block = b;
	}
	void *p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);
	memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char text[512]; /* most fit: then the text is formatted once only */
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	if ((size_t)n < sizeof(text))
		return arena_strndup(a, text, (size_t)n);
	char *s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void *arena_grow(struct arena *a, void *v, size_t *n, size_t element_size)
{
	void *old;
	memcpy(&old, v, sizeof(old));
	/* Room is taken in powers of two, so a full array is one whose count is one. */
	if ((*n & (*n - 1)) == 0) {
		size_t room = *n ? *n * 2 : 1;
		void *bigger = arena_alloc(a, room * element_size);
		if (*n)
			memcpy(bigger, old, *n * element_size);
		memcpy(v, &bigger, sizeof(bigger));
		old = bigger;
	}
	return (char *)old + (*n)++ * element_size;
}

void arena_done(struct arena *a)
{
	while (a->block) {
		struct arena_block *next = a->block->next;
		free(a->block);
		a->block = next;
	}
}
