/* SPDX-License-Identifier: MIT */
/* run.h - what the verbs that run a program share */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Runs a program as @words say, ended by NULL. @argv: the words of the process, where they
 * lie in memory. @tries: what became of its writes is told afterwards. As a command's run. */
int run_words(char **words, char **argv, bool tries, struct err *e);
