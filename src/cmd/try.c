/* SPDX-License-Identifier: MIT */
/* try.c - "sbox try": a program over the real system and home, its writes caught in a layer */
#include <errno.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/run.h"

/* The profile "try" before all that the caller says. */
static int run(int argc, char **argv, struct err *e)
{
	char profile[] = "--profile=try";
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	if (!words)
		return err_sys(e, -ENOMEM, "cannot read the command line");
	words[0] = profile;
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	int r = run_words(words, argv, true, e);
	free(words);
	return r;
}

const struct command cmd_try = {
	.name = "try",
	.summary = "run a program over the real system, with all that it writes caught",
	.run = run,
};
