/* SPDX-License-Identifier: MIT */
/* stats.c - "sbox stats": what instances use of memory, processors and disks */
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/table.h"
#include "cmd/use.h"
#include "cmd/words.h"

struct request {
	bool json;
};

/* ---- JSON ---- */

static void number_json(struct json *j, const char *key, int64_t n)
{
	if (n < 0 || n == USAGE_UNLIMITED)
		json_string(j, key, NULL);
	else
		json_number(j, key, n);
}

static void one_json(struct json *j, const struct use *u)
{
	const struct usage *g = &u->usage;
	json_begin(j, NULL, '{');
	instance_json(j, &u->info);
	json_bool(j, "paused", g->frozen);
	number_json(j, "memory", g->memory);
	number_json(j, "memory_peak", g->memory_peak);
	number_json(j, "memory_limit", g->memory_limit);
	number_json(j, "cpu_usec", g->cpu_us);
	number_json(j, "pids", g->pids);
	number_json(j, "pids_limit", g->pids_limit);
	number_json(j, "io_read", g->read);
	number_json(j, "io_written", g->written);
	json_begin(j, "pressure", '{');
	for (unsigned i = 0; i < PRESSURE_COUNT; i++)
		if (g->pressure[i] >= 0)
			json_hundredths(j, pressure_names[i], g->pressure[i]);
		else
			json_string(j, pressure_names[i], NULL);
	json_end(j, '}');
	json_end(j, '}');
}

static void print_json(const struct uses *all)
{
	struct json j = { .f = stdout };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_begin(&j, "instances", '[');
	for (size_t i = 0; i < all->n; i++)
		one_json(&j, &all->v[i]);
	json_end(&j, ']');
	json_end(&j, '}');
}

/* ---- for people ---- */

static void print(struct arena *a, const struct uses *all)
{
	static const struct column columns[] = {
		{ .title = "ID" },
		{ .title = "MEMORY", .right = true },
		{ .title = "PEAK", .right = true },
		{ .title = "LIMIT", .right = true },
		{ .title = "CPU", .right = true },
		{ .title = "PIDS", .right = true },
		{ .title = "READ", .right = true },
		{ .title = "WRITTEN", .right = true },
		{ .title = "CPU-PSI", .right = true },
		{ .title = "MEM-PSI", .right = true },
		{ .title = "IO-PSI", .right = true },
	};
	struct table t;
	table_begin(&t, a, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < all->n; i++) {
		const struct usage *g = &all->v[i].usage;
		const char *id = all->v[i].info.state.id;
		table_add(&t,
			(const char *[]){
				g->frozen ? arena_printf(a, "%s (paused)", id) : id,
				use_size(a, g->memory), use_size(a, g->memory_peak),
				use_size(a, g->memory_limit), use_time(a, g->cpu_us),
				use_of(a, g->pids, g->pids_limit), use_size(a, g->read),
				use_size(a, g->written),
				use_share(a, g->pressure[PRESSURE_CPU]),
				use_share(a, g->pressure[PRESSURE_MEMORY]),
				use_share(a, g->pressure[PRESSURE_IO]) });
	}
	table_print(stdout, &t, table_terminal_width(STDOUT_FILENO));
}

/* What has no group has nothing to tell. */
static void hint(const struct uses *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].has_group) {
			log_advice("'%s'%s no control group that could tell; "
				   "--limits=group at the start gives one",
				all->v[i].info.state.id,
				all->n > 1 ? " and maybe others have" : " has");
			return;
		}
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { 0 };
	struct words w;
	struct handles handles = { 0 };
	struct uses all = { 0 };
	(void)argc;
	int r = words_read(&cmd_stats, argv, &rq, &w, e);
	if (r == 0)
		r = instances_hold(&arena, w.v, &handles, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < handles.n; i++)
		use_read(&handles.v[i], ARENA_PUSH(&arena, &all));
	if (rq.json)
		print_json(&all);
	else
		print(&arena, &all);
	if (!rq.json)
		hint(&all);
	r = instances_release(&handles);
	arena_done(&arena);
	return r;
}

static const struct option_row options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs, sizes in bytes" },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "[ID...]", .most = ANY_NUMBER, .options = options },
	{ 0 },
};

const struct command cmd_stats = {
	.name = "stats",
	.summary = "show what sandboxes use of memory, processors and disks",
	.actions = actions,
	.words_from = "ps --ids",
	.run = run,
};
