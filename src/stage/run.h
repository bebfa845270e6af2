/* SPDX-License-Identifier: MIT */
/* run.h - one run from ready to its end */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"

struct group;

/* Starts the sandbox and stays until it has ended. @group: begun for it. @words: the memory in which the
 * launcher's argv and environment lie, which the child wipes in its own copy.
 * The program's exit code, or negative errno with @e set; @ret_started: whether the program
 * was executed. */
int run_sandbox(const struct ready *rd, struct group *group, char *words,
	size_t words_size, bool *ret_started, struct err *e);
