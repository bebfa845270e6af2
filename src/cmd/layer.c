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
#include "cmd/layers.h"
#include "cmd/table.h"
#include "layer/apply.h"
#include "resolve/image.h"

struct request {
	struct arena *arena;
	struct host host;
	struct image_store images;
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

/* The name of the image that it lies over; NULL: over none, or over one that is gone. */
static const char *image_of(const struct request *rq, const struct layer *l)
{
	return l->base == BASE_IMAGE ? image_by_content(&rq->images, l->base_name, NULL)
				     : NULL;
}

/* "image debian-12 (3f2a9c01d7be)": digests are told apart by their first digits. */
static const char *base_text(const struct request *rq, const struct layer *l)
{
	static const char kind[] = "sha256:";
	struct arena *a = rq->arena;
	char safe[512];
	if (l->base == BASE_HOST)
		return layer_base_words[l->base];
	str_escape_controls(safe, sizeof(safe), l->base_name);
	if (l->base != BASE_IMAGE)
		return arena_printf(a, "%s %s", layer_base_words[l->base], safe);
	const char *name = image_of(rq, l);
	const char *digits = safe + (str_starts(safe, kind) ? strlen(kind) : 0);
	return name ? arena_printf(a, "image %s (%.12s)", name, digits)
		    : arena_printf(a, "image %.12s, which is gone", digits);
}

static uint64_t age_of(const struct layer *l)
{
	int64_t age = (int64_t)time(NULL) - layer_used_ns(l) / 1000000000;
	return age > 0 ? (uint64_t)age : 0; /* the clock may have been set back */
}

static void layer_json(const struct request *rq, struct json *j, const struct layer *l)
{
	json_begin(j, NULL, '{');
	json_string(j, "name", l->name);
	json_string(j, "base", layer_base_words[l->base]);
	if (l->base_name)
		json_bytes(j, "base_name", l->base_name);
	if (l->base == BASE_IMAGE)
		json_string(j, "image", image_of(rq, l));
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

static void add_row(const struct request *rq, struct table *t, const struct layer *l)
{
	struct arena *a = rq->arena;
	char size[HUMAN_MAX], age[HUMAN_MAX];
	struct amount sum = amount_of_all(l);
	human_size(size, sum.bytes);
	human_age(age, age_of(l));
	table_add(t,
		(const char *[]){ l->name, base_text(rq, l),
			arena_printf(a, "%zu", l->trees.n),
			arena_printf(a, "%llu", (unsigned long long)sum.files),
			arena_strdup(a, size), arena_strdup(a, age),
			layer_in_use(l) ? "yes" : "no" });
}

static int list_each(
	const struct request *rq, const char **names, struct table *t, struct json *j)
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
			layer_json(rq, j, &l);
		else
			add_row(rq, t, &l);
		layer_close(&l);
	}
	return result;
}

static int list(void *request, const struct words *w, struct err *e)
{
	const struct request *rq = request;
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
	(void)w;
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

static void show_text(const struct request *rq, const struct layer *l)
{
	char text[HUMAN_MAX];
	printf("name    %s\nbase    %s\nused    %s ago%s\n", l->name, base_text(rq, l),
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

static int show(void *request, const struct words *w, struct err *e)
{
	const struct request *rq = request;
	struct layer l;
	struct json j = { .f = stdout };
	int r = layer_open(rq->arena, rq->layers, w->v[0], 0, &l, e);
	if (r < 0)
		return r;
	if (rq->json)
		layer_json(rq, &j, &l);
	else
		show_text(rq, &l);
	layer_close(&l);
	return 0;
}

/* ---- remove, prune ---- */

static int remove_one(const struct request *rq, const char *name, struct err *e)
{
	struct layer l;
	/* a damaged one can be removed, too */
	int r = layer_open(rq->arena, rq->layers, name, LAYER_LOCK | LAYER_UNREAD, &l, e);
	if (r < 0)
		return layer_tell_busy(rq->arena, name, e);
	r = remove_layer(rq->arena, &rq->host, rq->layers, &l, e);
	layer_close(&l);
	return r;
}

static int remove_named(void *request, const struct words *w, struct err *e)
{
	int result = 0;
	for (char **name = w->v; *name; name++)
		if (remove_one(request, *name, e) < 0) {
			log_err(e);
			result = EXIT_SBOX;
		}
	return result;
}

static int prune(void *request, const struct words *w, struct err *e)
{
	const struct request *rq = request;
	const char *none[] = { NULL }, **names = none;
	int result = 0;
	(void)w;
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
		r = empty ? remove_layer(rq->arena, &rq->host, rq->layers, &l, e) : 0;
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

static int begin(struct request *rq, const struct words *w, struct err *e)
{
	if (host_init(&rq->host, rq->arena, e) < 0 ||
		image_store_open(&rq->images, rq->arena, &rq->host, false, e) < 0)
		return e->code;
	rq->layers = layers_open(rq->host.vars[VAR_XDG_DATA_HOME], false, e);
	/* that there is none yet is an answer where nobody named one */
	return rq->layers == -ENOENT && w->n == 0 ? 0 : rq->layers < 0 ? rq->layers : 0;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { .arena = &arena, .layers = -1, .images.fd = -1 };
	struct words w;
	(void)argc;
	int r = words_read(&cmd_layer, argv, &rq, &w, e);
	if (r == 0)
		r = begin(&rq, &w, e);
	if (r == 0)
		r = w.action->run(&rq, &w, e);
	rq.layers = rq.layers < 0 ? -1 : fd_close(rq.layers);
	image_store_close(&rq.images);
	arena_done(&arena);
	return r;
}

static const struct option_row list_options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs, sizes in bytes" },
	{ .name = "names",
		.offset = offsetof(struct request, names),
		.help = "the names alone" },
	{ 0 },
};

static const struct option_row show_options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs, sizes in bytes" },
	{ 0 },
};

static const struct action actions[] = {
	{ .name = "list", .operands = "", .options = list_options, .run = list },
	{ .name = "show",
		.operands = "LAYER",
		.least = 1,
		.most = 1,
		.options = show_options,
		.run = show },
	{ .name = "remove",
		.operands = "LAYER...",
		.least = 1,
		.most = ANY_NUMBER,
		.run = remove_named },
	{ .name = "prune", .operands = "", .run = prune },
	{ 0 },
};

const struct command cmd_layer = {
	.name = "layer",
	.summary = "list, show or remove layers, or remove the empty ones",
	.actions = actions,
	.words_from = "layer list --names",
	.run = run,
};
