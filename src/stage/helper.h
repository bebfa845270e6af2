/* SPDX-License-Identifier: MIT */
/* helper.h - programs that run beside the sandbox for its whole life */
#pragma once

#include <signal.h>

#include "base/err.h"
#include "resolve/ready.h"
#include "stage/supervise.h"

struct helper {
	const struct helper_spec *spec; /* NULL: none */
	pid_t pid; /* of its sandbox's init; 0: none */
	int pidfd; /* -1: none */
	int report_fd; /* what its start has to tell; -1: none */
};

/* Starts it in its own sandbox; without @spec there is none. @mask and @words: as in struct
 * child. */
int helper_start(const struct helper_spec *spec, const sigset_t *mask, char *words,
	size_t words_size, struct helper *ret, struct err *e);
/* For struct awaited, with its descriptor and the helper: it is ready, or has ended. */
int helper_look(struct awaited *w, struct err *e);
/* Ends and reaps it; none is fine. */
void helper_stop(struct helper *h);
