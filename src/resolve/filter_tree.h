/* SPDX-License-Identifier: MIT */
/* filter_tree.h - answers for numbers of system calls, as a seccomp program */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_NUMBERS = 1024 }; /* above the last number of any architecture here */

/* What one architecture's calls are answered: SECCOMP_RET_..., by number. */
struct answers {
	uint32_t arch; /* AUDIT_ARCH_... */
	uint32_t by_number[TREE_NUMBERS];
	uint32_t beyond; /* numbers above those */
	uint32_t x32; /* numbers with the x32 bit (0x40000000) and all above it but -1 */
};

/* Writes the program for some architectures; a caller of any other gets @otherwise.
 * The number of instructions, or -E2BIG when there are more than @max. */
int filter_tree(const struct answers *answers, size_t n, uint32_t otherwise,
	struct sock_filter *code, size_t max);
