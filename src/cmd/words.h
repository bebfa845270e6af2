/* SPDX-License-Identifier: MIT */
/* words.h - the words behind a verb: which action, its options, and the operands */
#pragma once

#include <stdio.h>

#include "cmd/command.h"

struct arena;

struct words {
	const struct command *command;
	const struct action *action;
	char **v; /* the operands, ended by NULL */
	unsigned n;
	unsigned literal; /* the first one that came behind "--"; n: none did */
};

/* Reads @argv, whose first word is the verb, and puts its operands in order there. Options may
 * stand anywhere before "--"; they are noted in @request as the action's table says. 0, or
 * negative errno with @e set, which names the verb and tells what is meant. */
int words_read(const struct command *c, char **argv, void *request, struct words *ret,
	struct err *e);
/* For what a verb finds wrong with its words itself: the verb's name before @e, and the usage
 * where there is no hint. Returns e->code. */
int words_wrong(const struct words *w, struct err *e);

/* "usage: sbox layer list [--json]", a line for each action, and what the options do. */
void words_usage(FILE *f, const struct command *c);
/* For completions, with blanks between: the words that say what the verb does, and its flags. */
const char *words_actions(struct arena *a, const struct command *c);
const char *words_flags(struct arena *a, const struct command *c);
