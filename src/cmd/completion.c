/* SPDX-License-Identifier: MIT */
/* completion.c - "sbox completion SHELL": the completion script, from the tables */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cmd/words.h"
#include "config/show.h"

struct places {
	struct completed_place *v;
	size_t n;
};

static bool takes_files(const struct command *c)
{
	for (const struct action *act = c->actions; act && act->operands; act++)
		if (strstr(act->operands, "PATH") || strstr(act->operands, "FILE"))
			return true;
	return false;
}

/* The actions and options of a verb that have words of their own behind them. */
static void add_places(struct arena *a, struct places *places, const struct command *c)
{
	for (const struct action *act = c->actions; act && act->operands; act++) {
		if (act->words_from)
			*ARENA_PUSH(a, places) =
				(struct completed_place){ .verb = c->name,
					.behind = act->name,
					.from = act->words_from };
		for (const struct option_row *o = act->options; o && o->name; o++)
			if (o->words || o->words_from)
				*ARENA_PUSH(a, places) =
					(struct completed_place){ .verb = c->name,
						.behind = o->name,
						.letter = o->letter,
						.option = true,
						.words = o->words,
						.from = o->words_from };
	}
}

static int run(int argc, char **argv, struct err *e)
{
	enum { VERBS_MAX = 32 };
	struct arena arena = { 0 };
	struct completed_verb verbs[VERBS_MAX + 1];
	struct places places = { 0 };
	struct words w;
	size_t n = 0;
	(void)argc;
	if (words_read(&cmd_completion, argv, NULL, &w, e) < 0)
		return e->code;
	for (; commands[n] && n < VERBS_MAX; n++) {
		verbs[n] = (struct completed_verb){ .name = commands[n]->name,
			.actions = words_actions(&arena, commands[n]),
			.words = !commands[n]->actions ? NULL
				: commands[n]->words   ? commands[n]->words
						       : "",
			.flags = words_flags(&arena, commands[n]),
			.files = takes_files(commands[n]),
			.from = commands[n]->words_from };
		add_places(&arena, &places, commands[n]);
	}
	verbs[n] = (struct completed_verb){ 0 };
	*ARENA_PUSH(&arena, &places) = (struct completed_place){ 0 };
	int r = show_completion(stdout, w.v[0], verbs, places.v);
	arena_done(&arena);
	if (r == 0)
		return 0;
	err_set(e, -EINVAL, "there is none for the shell '%s'", w.v[0]);
	return words_wrong(&w, e);
}

const struct command cmd_completion = {
	.name = "completion",
	.summary = "print the completion script of a shell",
	.actions =
		(const struct action[]){
			{ .operands = "bash|zsh|fish", .least = 1, .most = 1 }, { 0 } },
	.words = "bash zsh fish",
	.run = run,
};
