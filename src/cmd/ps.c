/* SPDX-License-Identifier: MIT */
/* ps.c - "sbox ps": the instances that run */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/human.h"
#include "cmd/instances.h"
#include "cmd/table.h"
#include "cmd/words.h"
#include "resolve/usage.h"
#include "stage/running.h"

struct request {
	bool json, ids;
};

static bool is_paused(const struct handle *h)
{
	struct err ignored;
	_cleanup_fd_ int group = -1;
	return running_group(h, &group, &ignored) == 0 && usage_is_frozen(group);
}

static void print_json(const struct handles *all)
{
	struct json j = { .f = stdout };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_begin(&j, "instances", '[');
	for (size_t i = 0; i < all->n; i++) {
		json_begin(&j, NULL, '{');
		instance_json(&j, &all->v[i].info);
		json_bool(&j, "paused", is_paused(&all->v[i]));
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
}

static void print(struct arena *a, const struct handles *all)
{
	static const struct column columns[] = {
		{ .title = "ID" },
		{ .title = "PROFILE" },
		{ .title = "STATE" },
		{ .title = "LIMITS" },
		{ .title = "AGE", .right = true },
		{ .title = "COMMAND" },
	};
	static const char *const limits[HELD_COUNT] = {
		[HELD_NONE] = UNKNOWN, [HELD_YES] = "held", [HELD_DROPPED] = "not held"
	};
	struct table t;
	char age[HUMAN_MAX];
	table_begin(&t, a, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < all->n; i++) {
		const struct instance_state *s = &all->v[i].info.state;
		human_age(age, instance_age(s));
		table_add(&t,
			(const char *[]){ s->id, s->profile ? s->profile : UNKNOWN,
				is_paused(&all->v[i]) ? "paused" : "running",
				limits[s->limits], arena_strdup(a, age),
				s->command ? s->command : UNKNOWN });
	}
	table_print(stdout, &t, table_terminal_width(STDOUT_FILENO));
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { 0 };
	struct handles all;
	struct words w;
	(void)argc;
	int r = words_read(&cmd_ps, argv, &rq, &w, e);
	if (r == 0)
		r = instances_hold(&arena, NULL, &all, e);
	if (r < 0)
		return r;
	for (size_t i = 0; rq.ids && i < all.n; i++)
		puts(all.v[i].info.state.id);
	if (rq.json)
		print_json(&all);
	else if (!rq.ids)
		print(&arena, &all);
	r = instances_release(&all);
	arena_done(&arena);
	return r;
}

static const struct option_row options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs" },
	{ .name = "ids",
		.offset = offsetof(struct request, ids),
		.help = "the ids alone" },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "", .options = options },
	{ 0 },
};

const struct command cmd_ps = {
	.name = "ps",
	.summary = "list the sandboxes that run",
	.actions = actions,
	.run = run,
};
