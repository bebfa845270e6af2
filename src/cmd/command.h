/* SPDX-License-Identifier: MIT */
/* command.h - what a verb of sbox is: one file, one exported struct command */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* An option of a verb. A table of them ends with a row without a name. */
struct option_row {
	const char *name; /* without its dashes */
	char letter; /* 0: none */
	const char
		*value; /* what stands behind it, as the usage has it; NULL: a switch */
	size_t offset; /* in the verb's request: of a const char * with a value, else bool */
	const char *help; /* NULL: for completions, not for people */
	/* what may stand behind it, for completions: words, and the words behind "sbox" that
	 * print more; NULL: none */
	const char *words, *words_from;
};

struct words;
enum { ANY_NUMBER = 4096 };

/* One thing that a verb does. A table of them ends with a row without operands. */
struct action {
	const char *name; /* the word behind the verb; NULL: the verb alone */
	const char *operands; /* as the usage has them; "": none */
	unsigned least, most; /* how many operands */
	const struct option_row *options; /* NULL: none */
	/* Where verbs have several; @request: the verb's own. */
	int (*run)(void *request, const struct words *w, struct err *e);
	/* The words behind "sbox" that print what may stand behind @name, where that is not
	 * what stands behind the others; NULL: it is. */
	const char *words_from;
};

struct command {
	const char *name;
	const char *summary; /* one line for the list of verbs */
	const struct action *actions; /* NULL: what follows is a program and its flags */
	const char *words; /* more for completions than actions and options; or NULL */
	const char *words_from; /* the words behind "sbox" that print more; NULL: none */
	/* @argv[0] is the verb. The exit code of the program, or negative errno with @e set:
	 * main() prints @e once and exits with e->exit_status. A function that has printed
	 * its mistakes itself returns EXIT_SBOX. */
	int (*run)(int argc, char **argv, struct err *e);
};

extern const struct command cmd_run, cmd_try, cmd_profile, cmd_desktop, cmd_syscalls,
	cmd_help;
extern const struct command cmd_completion, cmd_ps, cmd_kill, cmd_port, cmd_image;
extern const struct command cmd_pause, cmd_resume, cmd_stats, cmd_set, cmd_top;
extern const struct command cmd_diff, cmd_apply, cmd_discard, cmd_layer;

/* All verbs, in the order in which help shows them, ended by NULL. */
extern const struct command *const commands[];
/* The verb that is called @name; NULL: there is none. */
const struct command *command_find(const char *name);
/* The verb that @word most likely meant, or NULL. */
const struct command *command_nearest(const char *word);
struct arena;
/* What stands behind "sbox" in the calls that @word most likely meant: "layer", or
 * "image export"; NULL: none is near. */
const char *command_meant(struct arena *a, const char *word);
