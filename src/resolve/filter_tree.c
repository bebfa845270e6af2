/* SPDX-License-Identifier: MIT */
/* filter_tree.c - answers for numbers of system calls, as a seccomp program
 *
 * Neighbours with one answer are one range, and the ranges are the leaves of a binary tree.
 * libseccomp would make a leaf of every number, which is three times as much code; the
 * kernel translates and judges a filter at each start, so its size is time. What libseccomp
 * knows (which number a name has on which architecture) still comes from there.
 */
#include "resolve/filter_tree.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>

enum { X32_BIT = 0x40000000, JUMP_MAX = 255 };

struct range {
	uint32_t first, answer;
};

struct emitter {
	struct sock_filter *code;
	size_t n, max;
	bool full;
};

static void emit(struct emitter *e, struct sock_filter instruction)
{
	if (e->n == e->max) {
		e->full = true;
		return;
	}
	e->code[e->n++] = instruction;
}

static size_t find_ranges(const struct answers *a, struct range *ret)
{
	size_t n = 0;
	for (uint32_t i = 0; i <= TREE_NUMBERS; i++) {
		uint32_t answer = i < TREE_NUMBERS ? a->by_number[i] : a->beyond;
		if (n == 0 || ret[n - 1].answer != answer)
			ret[n++] = (struct range){ i, answer };
	}
	if (ret[n - 1].answer != a->x32) {
		ret[n++] = (struct range){ X32_BIT, a->x32 };
		/* -1 is what a tracer writes where it wants no call to be made */
		ret[n++] = (struct range){ UINT32_MAX, a->beyond };
	}
	return n;
}

/* A tree of n leaves has n - 1 decisions; one that is far from its right side takes an
 * instruction more, since conditional jumps reach no further than JUMP_MAX. */
static size_t tree_size(size_t n)
{
	if (n == 1)
		return 1;
	size_t left = tree_size(n / 2);
	return 1 + (left > JUMP_MAX ? 1u : 0u) + left + tree_size(n - n / 2);
}

static void emit_tree(struct emitter *e, const struct range *ranges, size_t n)
{
	if (n == 1) {
		emit(e, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ranges[0].answer));
		return;
	}
	size_t half = n / 2, left = tree_size(half);
	const uint32_t middle = ranges[half].first;
	if (left <= JUMP_MAX) {
		emit(e,
			(struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JGE | BPF_K, middle, (uint8_t)left, 0));
	} else {
		emit(e,
			(struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JGE | BPF_K, middle, 0, 1));
		emit(e, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)left));
	}
	emit_tree(e, ranges, half);
	emit_tree(e, ranges + half, n - half);
}

int filter_tree(const struct answers *answers, size_t n, uint32_t otherwise,
	struct sock_filter *code, size_t max)
{
	struct emitter e = { .code = code, .max = max };
	struct range ranges[TREE_NUMBERS + 3];

	emit(&e,
		(struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	for (size_t i = 0; i < n; i++) {
		size_t count = find_ranges(&answers[i], ranges);
		/* the next architecture's test lies behind this one's load and tree */
		emit(&e,
			(struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K, answers[i].arch, 1, 0));
		emit(&e,
			(struct sock_filter)BPF_STMT(
				BPF_JMP | BPF_JA, (uint32_t)(1 + tree_size(count))));
		emit(&e,
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
				offsetof(struct seccomp_data, nr)));
		emit_tree(&e, ranges, count);
	}
	emit(&e, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise));
	return e.full ? -E2BIG : (int)e.n;
}
