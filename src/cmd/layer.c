/* SPDX-License-Identifier: MIT */
/* layer.c - "sbox layer list|show|remove|prune": the layers that are kept */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/human.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/layers.h"
#include "cmd/table.h"
#include "layer/apply.h"

struct request {
	struct arena *arena;
	const struct host *host;
	int layers; /* -1: there are none yet */
	bool json, names;
};

struct amount {
	uint64_t bytes, files;
};

/* ---- what is known of one ---- */

/* What its uppers take on disk; the base is not looked at. */
static struct amount amount_of(const struct layer *l, const struct layer_tree *tree)
{
	struct amount sum = { 0 };
	struct walk w;
	struct err ignored;
	const struct walk_entry *entry;
	if (walk_begin(&w, l, tree, -1, WALK_ALL, &ignored) < 0)
		return sum;
	while (walk_next(&w, &entry, &ignored) == 1) {
		sum.bytes += (uint64_t)entry->upper.st_blocks * 512;
		sum.files += !entry->code;
	}
	walk_end(&w);
	return sum;
}

static struct amount amount_of_all(const struct layer *l)
{
	struct amount sum = { 0 };
	for (size_t i = 0; i < l->trees.n; i++) {
		struct amount one = amount_of(l, &l->trees.v[i]);
		sum.bytes += one.bytes;
		sum.files += one.files;
	}
	return sum;
}

static const char *base_text(struct arena *a, const struct layer *l)
{
	if (l->base == BASE_HOST)
		return layer_base_words[l->base];
	char safe[512];
	str_escape_controls(safe, sizeof(safe), l->base_name);
	return arena_printf(a, "%s %s", layer_base_words[l->base], safe);
}

static uint64_t age_of(const struct layer *l)
{
	int64_t age = (int64_t)time(NULL) - layer_used_ns(l) / 1000000000;
	return age > 0 ? (uint64_t)age : 0; /* the clock may have been set back */
}

static void layer_json(struct json *j, const char *key, const struct layer *l)
{
	json_begin(j, key, '{');
	json_string(j, "name", l->name);
	json_string(j, "base", layer_base_words[l->base]);
	if (l->base_name)
		json_bytes(j, "base_name", l->base_name);
	json_number(j, "since", l->since_ns / 1000000000);
	json_number(j, "used", layer_used_ns(l) / 1000000000);
	json_bool(j, "in_use", layer_in_use(l));
	json_begin(j, "trees", '[');
	for (size_t i = 0; i < l->trees.n; i++) {
		struct amount sum = amount_of(l, &l->trees.v[i]);
		json_begin(j, NULL, '{');
		json_bytes(j, "path", l->trees.v[i].path);
		json_string(j, "engine", layer_engine_words[l->trees.v[i].engine]);
		json_number(j, "files", (int64_t)sum.files);
		json_number(j, "bytes", (int64_t)sum.bytes);
		json_end(j, '}');
	}
	json_end(j, ']');
	json_end(j, '}');
}

/* ---- list ---- */

static void add_row(struct arena *a, struct table *t, const struct layer *l)
{
	char size[HUMAN_MAX], age[HUMAN_MAX];
	struct amount sum = amount_of_all(l);
	human_size(size, sum.bytes);
	human_age(age, age_of(l));
	table_add(t,
		(const char *[]){ l->name, base_text(a, l),
			arena_printf(a, "%zu", l->trees.n),
			arena_printf(a, "%llu", (unsigned long long)sum.files),
			arena_strdup(a, size), arena_strdup(a, age),
			layer_in_use(l) ? "yes" : "no" });
}

static int list_each(
	struct request *rq, const char **names, struct table *t, struct json *j)
{
	int result = 0;
	for (; *names; names++) {
		struct layer l;
		struct err e;
		if (layer_open(rq->arena, rq->layers, *names, 0, &l, &e) < 0) {
			/* one that a killed start has left is none */
			if (e.code == -ENOENT)
				continue;
			log_err(&e);
			result = EXIT_SBOX;
			continue;
		}
		if (rq->json)
			layer_json(j, NULL, &l);
		else
			add_row(rq->arena, t, &l);
		layer_close(&l);
	}
	return result;
}

static int list(struct request *rq, char **words, struct err *e)
{
	static const struct column columns[] = {
		{ .title = "NAME" },
		{ .title = "BASE" },
		{ .title = "TREES", .right = true },
		{ .title = "FILES", .right = true },
		{ .title = "SIZE", .right = true },
		{ .title = "USED", .right = true },
		{ .title = "IN USE" },
	};
	const char *none[] = { NULL }, **names = none;
	struct table t;
	struct json j = { .f = stdout };
	if (*words)
		return err_set(e, -EINVAL, "sbox layer list: unknown word '%s'", *words);
	if (rq->layers >= 0 && layers_list(rq->arena, rq->layers, &names, e) < 0)
		return e->code;
	for (const char **name = names; rq->names && *name; name++)
		puts(*name);
	if (rq->names)
		return 0;
	table_begin(&t, rq->arena, columns, ARRAY_SIZE(columns));
	if (rq->json) {
		json_begin(&j, NULL, '{');
		json_number(&j, "version", 1);
		json_begin(&j, "layers", '[');
	}
	int r = list_each(rq, names, &t, &j);
	if (rq->json) {
		json_end(&j, ']');
		json_end(&j, '}');
	} else {
		table_print(stdout, &t, table_terminal_width(STDOUT_FILENO));
	}
	return r;
}

/* ---- show ---- */

static void show_text(struct arena *a, const struct layer *l)
{
	char text[HUMAN_MAX];
	printf("name    %s\nbase    %s\nused    %s ago%s\n", l->name, base_text(a, l),
		human_age(text, age_of(l)), layer_in_use(l) ? ", and in use now" : "");
	for (size_t i = 0; i < l->trees.n; i++) {
		const struct layer_tree *tree = &l->trees.v[i];
		struct amount sum = amount_of(l, tree);
		char safe[4096];
		str_escape_controls(safe, sizeof(safe), tree->path);
		printf("tree    %s: %s, %llu files, %s, in trees/%u/upper\n", safe,
			layer_engine_words[tree->engine], (unsigned long long)sum.files,
			human_size(text, sum.bytes), tree->number);
	}
}

static int show(struct request *rq, char **words, struct err *e)
{
	struct layer l;
	struct json j = { .f = stdout };
	if (!words[0] || words[1])
		return err_set(e, -EINVAL, "'sbox layer show' is followed by one name");
	int r = layer_open(rq->arena, rq->layers, words[0], 0, &l, e);
	if (r < 0)
		return r;
	if (rq->json)
		layer_json(&j, NULL, &l);
	else
		show_text(rq->arena, &l);
	layer_close(&l);
	return 0;
}

/* ---- remove, prune ---- */

static int remove_one(struct request *rq, const char *name, struct err *e)
{
	struct layer l;
	/* a damaged one can be removed, too */
	int r = layer_open(rq->arena, rq->layers, name, LAYER_LOCK | LAYER_UNREAD, &l, e);
	if (r < 0)
		return r;
	r = remove_layer(rq->arena, rq->host, rq->layers, &l, e);
	layer_close(&l);
	return r;
}

static int remove_named(struct request *rq, char **words, struct err *e)
{
	int result = 0;
	if (!*words)
		return err_set(e, -EINVAL, "'sbox layer remove' is followed by names");
	for (; *words; words++)
		if (remove_one(rq, *words, e) < 0) {
			log_err(e);
			result = EXIT_SBOX;
		}
	return result;
}

static int prune(struct request *rq, char **words, struct err *e)
{
	const char *none[] = { NULL }, **names = none;
	int result = 0;
	if (*words)
		return err_set(e, -EINVAL, "sbox layer prune: unknown word '%s'", *words);
	if (rq->layers >= 0 && layers_list(rq->arena, rq->layers, &names, e) < 0)
		return e->code;
	for (; *names; names++) {
		struct layer l;
		int r = layer_open(rq->arena, rq->layers, *names, LAYER_LOCK, &l, e);
		if (r < 0 && r != -EBUSY && r != -ENOENT)
			log_err(e);
		if (r < 0)
			continue;
		bool empty = layer_is_empty(&l);
		r = empty ? remove_layer(rq->arena, rq->host, rq->layers, &l, e) : 0;
		layer_close(&l);
		if (r < 0) {
			log_err(e);
			result = EXIT_SBOX;
		} else if (empty) {
			printf("%s\n", *names);
		}
	}
	return result;
}

static int run(int argc, char **argv, struct err *e)
{
	static const struct {
		const char *name;
		int (*run)(struct request *rq, char **words, struct err *e);
	} verbs[] = { { "list", list }, { "show", show }, { "remove", remove_named },
		{ "prune", prune } };
	struct arena arena = { 0 };
	struct host host;
	struct request rq = { .arena = &arena, .host = &host };
	(void)argc;
	rq.json = instances_take_flag(argv, "--json");
	rq.names = instances_take_flag(argv, "--names");
	for (size_t i = 0; argv[1] && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		int r = host_init(&host, &arena, e);
		if (r < 0)
			return r;
		rq.layers = layers_open(host.vars[VAR_XDG_DATA_HOME], false, e);
		if (rq.layers < 0 && (rq.layers != -ENOENT || (argv[2] && i > 0)))
			return rq.layers;
		r = verbs[i].run(&rq, argv + 2, e);
		rq.layers = rq.layers < 0 ? -1 : fd_close(rq.layers);
		arena_done(&arena);
		return r;
	}
	return err_set(e, -EINVAL,
		"'sbox layer' is followed by list, show NAME, remove NAME... or prune");
}

const struct command cmd_layer = {
	.name = "layer",
	.synopsis = "list|show NAME|remove NAME...|prune [--json]",
	.summary = "list, show or remove layers, or remove the empty ones",
	.words = "list show remove prune",
	.words_from = "layer list --names",
	.run = run,
};
