/* SPDX-License-Identifier: MIT */
/* program.h - which program is executed, with which words, and where it starts */
#pragma once

#include "resolve/environ.h"
#include "resolve/ready.h"

/* Fills @rd->program, candidates, argv, shell_argv, chdirs from the plan and the finished
 * environment. */
void program_resolve(struct ready *rd, const struct env *env);
