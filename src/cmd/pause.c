/* SPDX-License-Identifier: MIT */
/* pause.c - "sbox pause" and "sbox resume": all processes of an instance stand still, or go on */
#include "cmd/command.h"
#include "cmd/instances.h"
#include "stage/running.h"

static int freeze(struct handle *h, void *data, struct err *e)
{
	enum { WAIT_MS = 10000 };
	return running_freeze(h, *(const bool *)data, WAIT_MS, e);
}

static int run(char **argv, bool pause, struct err *e)
{
	struct arena arena = { 0 };
	struct ids ids = { 0 };
	struct handles all;
	int r = instances_words(&arena, argv, true, &ids, e);
	if (r == 0)
		r = instances_hold(&arena, &ids, &all, e);
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
	return run(argv, true, e);
}

static int run_resume(int argc, char **argv, struct err *e)
{
	(void)argc;
	return run(argv, false, e);
}

const struct command cmd_pause = {
	.name = "pause",
	.synopsis = "ID...",
	.summary = "let all processes of sandboxes stand still",
	.words = "",
	.words_from = "ps --ids",
	.run = run_pause,
};

const struct command cmd_resume = {
	.name = "resume",
	.synopsis = "ID...",
	.summary = "let them go on",
	.words = "",
	.words_from = "ps --ids",
	.run = run_resume,
};
