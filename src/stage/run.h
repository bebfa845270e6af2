/* SPDX-License-Identifier: MIT */
/* run.h - one run from ready to its end */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"

/* Starts the sandbox and stays until it has ended. @words: the memory in which the
 * launcher's argv and environment lie, which the child wipes in its own copy.
 * The program's exit code, or negative errno with @e set; @ret_started: whether the program
 * was executed. */
int run_sandbox(const struct ready *rd, char *words, size_t words_size, bool *ret_started,
	struct err *e);
