/* SPDX-License-Identifier: MIT */
/* ps.c - "sbox ps": the instances that run */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/human.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/table.h"

static void print_json(const struct instances *all)
{
	struct json j = { .f = stdout };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_begin(&j, "instances", '[');
	for (size_t i = 0; i < all->n; i++) {
		json_begin(&j, NULL, '{');
		instance_json(&j, &all->v[i]);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
}

static void print(struct arena *a, const struct instances *all)
{
	static const struct column columns[] = {
		{ .title = "ID" },
		{ .title = "PROFILE" },
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
		const struct instance_state *s = &all->v[i].state;
		human_age(age, instance_age(s));
		table_add(&t,
			(const char *[]){ s->id, s->profile ? s->profile : UNKNOWN,
				limits[s->limits], arena_strdup(a, age),
				s->command ? s->command : UNKNOWN });
	}
	table_print(stdout, &t, table_terminal_width(STDOUT_FILENO));
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct registry registry;
	struct instances all;
	(void)argc;
	bool json = instances_take_flag(argv, "--json");
	bool ids = instances_take_flag(argv, "--ids");
	if (argv[1])
		return err_set(e, -EINVAL, "sbox ps: unknown word '%s'", argv[1]);
	int r = registry_open(&registry, &arena, e);
	if (r < 0)
		return r;
	registry_list(&registry, &arena, &all);
	for (size_t i = 0; ids && i < all.n; i++)
		puts(all.v[i].state.id);
	if (json)
		print_json(&all);
	else if (!ids)
		print(&arena, &all);
	registry_close(&registry);
	arena_done(&arena);
	return 0;
}

const struct command cmd_ps = {
	.name = "ps",
	.synopsis = "[--json|--ids]",
	.summary = "list the sandboxes that run",
	.words = "--json",
	.run = run,
};
