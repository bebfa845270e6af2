/* SPDX-License-Identifier: MIT */
/* helper.h - programs that run beside the sandbox for its whole life */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"

struct helper {
	pid_t pid;   /* 0: none */
	int pidfd;
	int life_fd; /* its other end is the helper's: it says when it is ready, and ends when
		      * we close ours or die */
};

int helper_start(const struct helper_spec *spec, struct helper *ret, struct err *e);
/* Waits until it is ready. 0, or negative errno with @e set when it ended before. */
int helper_wait_ready(const struct helper_spec *spec, struct helper *h, struct err *e);
/* Ends and reaps it; none is fine. */
void helper_stop(struct helper *h);
