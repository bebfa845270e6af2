/* SPDX-License-Identifier: MIT */
/* filter.h - the plan's system-call rules as a seccomp program */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"

enum { FILTER_MAX = 4096 }; /* BPF_MAXINSNS: instructions of one program */

/* Compiles the plan's rules through libseccomp. 0 or negative errno with @e set. */
int filter_compile(const struct plan *p, struct filter *ret, struct err *e);
/* The same from the cache where it is there and whole, else compiled and kept. */
int filter_resolve(const struct plan *p, struct host *h, bool dry, struct filter *ret,
	struct err *e);
/* All that decides what the program is, as text: the cache's key. */
const char *filter_inputs(const struct plan *p);
