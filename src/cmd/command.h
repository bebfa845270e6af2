/* SPDX-License-Identifier: MIT */
/* command.h - what a verb of sbox is: one file, one exported struct command */
#pragma once

#include "base/err.h"

struct command {
	const char *name;
	const char *synopsis; /* what comes behind "sbox NAME" in the usage line */
	const char *summary; /* one line for the list of verbs */
	const char
		*words; /* for completions: what may stand behind it; NULL: a program */
	const char *words_from; /* the words behind "sbox" that print more; NULL: none */
	/* @argv[0] is the verb. The exit code of the program, or negative errno with @e set:
	 * main() prints @e once and exits with e->exit_status. A function that has printed
	 * its mistakes itself returns EXIT_SBOX. */
	int (*run)(int argc, char **argv, struct err *e);
	unsigned hidden;
};

extern const struct command cmd_run, cmd_try, cmd_profile, cmd_desktop, cmd_syscalls,
	cmd_help;
extern const struct command cmd_completion, cmd_ps, cmd_kill, cmd_port, cmd_image;
extern const struct command cmd_pause, cmd_resume, cmd_stats, cmd_set, cmd_top;
extern const struct command cmd_diff, cmd_apply, cmd_discard, cmd_layer;

/* All verbs, in the order in which help shows them, ended by NULL. */
extern const struct command *const commands[];
