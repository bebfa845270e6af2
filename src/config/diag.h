/* SPDX-License-Identifier: MIT */
/* diag.h - all mistakes of one run's configuration, collected to be told together */
#pragma once

#include "base/macros.h"
#include "config/plan.h"

struct diag {
	struct origin at;
	const char *msg;
	const char *hint; /* NULL: none */
	/* The setting that could not be read, so that nothing is said of what only follows;
	 * SET_EXTENDS where a whole profile could not, SET_COUNT: none. */
	enum setting_id about;
	size_t group; /* diag_print_all()'s own */
};

struct diags {
	struct arena *arena;
	struct diag *v;
	size_t n;
};

/* Adds a mistake; returns it so that a hint can be set. @at may be NULL. */
struct diag *diag_add(struct diags *d, const struct origin *at, const char *fmt, ...)
	_printf_(3, 4);
/* Whether @id, or a whole profile, could not be read. */
bool diag_is_about(const struct diags *d, enum setting_id id);
/* Prints all of them in the order of their places; the number printed. */
size_t diag_print_all(const struct diags *d);
