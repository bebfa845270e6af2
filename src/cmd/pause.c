/* SPDX-License-Identifier: MIT */
/* pause.c - "sbox pause" and "sbox resume": all processes of an instance stand still, or go on */
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/words.h"
#include "stage/running.h"

static int freeze(struct handle *h, void *data, struct err *e)
{
	enum { WAIT_MS = 10000 };
	return running_freeze(h, *(const bool *)data, WAIT_MS, e);
}

static int run(const struct command *c, char **argv, bool pause, struct err *e)
{
	struct arena arena = { 0 };
	struct handles all;
	struct words w;
	int r = words_read(c, argv, NULL, &w, e);
	if (r == 0)
		r = instances_hold(&arena, w.v, &all, e);
	if (r == 0) {
		instances_each(&all, freeze, &pause);
		r = instances_release(&all);
	}
	arena_done(&arena);
	return r;
}

static int run_pause(int argc, char **argv, struct err *e)
{
	(void)argc;
	return run(&cmd_pause, argv, true, e);
}

static int run_resume(int argc, char **argv, struct err *e)
{
	(void)argc;
	return run(&cmd_resume, argv, false, e);
}

static const struct action actions[] = {
	{ .operands = "ID...", .least = 1, .most = ANY_NUMBER },
	{ 0 },
};

const struct command cmd_pause = {
	.name = "pause",
	.summary = "let all processes of sandboxes stand still",
	.actions = actions,
	.words_from = "ps --ids",
	.run = run_pause,
};

const struct command cmd_resume = {
	.name = "resume",
	.summary = "let paused sandboxes go on",
	.actions = actions,
	.words_from = "ps --ids",
	.run = run_resume,
};
