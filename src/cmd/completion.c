/* SPDX-License-Identifier: MIT */
/* completion.c - "sbox completion SHELL": the completion script, from the table */
#include <stdio.h>

#include "cmd/command.h"
#include "config/show.h"

static int run(int argc, char **argv, struct err *e)
{
	enum { VERBS_MAX = 32 };
	struct completed_verb verbs[VERBS_MAX + 1];
	size_t n = 0;
	for (size_t i = 0; commands[i] && n < VERBS_MAX; i++)
		if (!commands[i]->hidden)
			verbs[n++] = (struct completed_verb){ .name = commands[i]->name,
				.words = commands[i]->words,
				.from = commands[i]->words_from };
	verbs[n] = (struct completed_verb){ 0 };
	if (argc == 2 && show_completion(stdout, argv[1], verbs) == 0)
		return 0;
	return err_set(e, -1, "name a shell: bash, zsh or fish");
}

const struct command cmd_completion = {
	.name = "completion",
	.synopsis = "bash|zsh|fish",
	.summary = "print the completion script of a shell",
	.words = "bash zsh fish",
	.run = run,
};
