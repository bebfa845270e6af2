/* SPDX-License-Identifier: MIT */
/* image.c - "sbox image import|list|show|remove|verify|export" */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/human.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/instances.h"
#include "cmd/layers.h"
#include "cmd/table.h"
#include "stage/image.h"

struct request {
	struct arena *a;
	struct host host;
	bool json, names, quiet, force;
};

/* What was told already gives its exit code; 1 is verify's alone. */
static int told(int r)
{
	return r > 0 ? EXIT_SBOX : r;
}

static int import(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	struct image_import im = {
		.path = w->v[0], .name = w->n > 1 ? w->v[1] : NULL, .quiet = rq->quiet
	};
	int r = image_import(rq->a, &rq->host, &im, e);
	if (r != 0)
		return told(r);
	const struct image_info *i = &im.ret_info;
	char size[HUMAN_MAX];
	human_size(size, (uint64_t)i->bytes);
	if (!rq->quiet)
		printf("%s: %" PRId64 " entries, %s\n", im.ret_name, i->entries, size);
	if (!im.ret_range)
		log_warning(
			"no range of subordinate ids: all files of '%s' are yours, and "
			"programs in it cannot have several users",
			im.ret_name);
	if (i->skipped > 0)
		log_warning("%" PRId64
			    " devices, fifos, sockets and whiteouts were left out",
			i->skipped);
	if (i->unmapped > 0)
		log_warning(
			"%" PRId64 " owners outside your range became root", i->unmapped);
	if (i->xattrs > 0)
		log_warning(
			"%" PRId64 " extended attributes could not be kept", i->xattrs);
	return 0;
}

static void print_json(struct json *j, const char *name, const struct image_info *i)
{
	json_begin(j, NULL, '{');
	json_string(j, "name", name);
	json_string(j, "source", i->source);
	json_string(j, "kind", i->kind);
	json_string(j, "digest", i->digest);
	json_string(j, "content", i->content);
	json_string(j, "map", i->map);
	json_number(j, "imported", i->imported);
	json_number(j, "entries", i->entries);
	json_number(j, "bytes", i->bytes);
	json_number(j, "skipped", i->skipped);
	json_end(j, '}');
}

/* One image; false where it is gone or has no information. */
static bool look(struct image_store *s, const char *name, struct image_info *ret)
{
	_cleanup_fd_ int fd = image_open(s, name, false);
	return fd >= 0 && image_read(s, fd, ret) == 0;
}

static void list_table(struct image_store *s)
{
	static const struct column columns[] = {
		{ .title = "NAME" },
		{ .title = "KIND" },
		{ .title = "SIZE", .right = true },
		{ .title = "AGE", .right = true },
		{ .title = "SOURCE" },
	};
	struct table t;
	struct image_info i;
	table_begin(&t, s->a, columns, ARRAY_SIZE(columns));
	for (const char *const *name = image_names(s); *name; name++) {
		char size[HUMAN_MAX], age[HUMAN_MAX];
		if (!look(s, *name, &i))
			continue;
		human_size(size, (uint64_t)i.bytes);
		human_age(age, (uint64_t)(time(NULL) - i.imported));
		table_add(&t,
			(const char *[]){ *name, i.kind, arena_strdup(s->a, size),
				arena_strdup(s->a, age), i.source ? i.source : "-" });
	}
	table_print(stdout, &t, table_terminal_width(STDOUT_FILENO));
}

static int list(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	struct image_store s;
	struct image_info i;
	struct json j = { .f = stdout };
	(void)w;
	int r = image_store_open(&s, rq->a, &rq->host, false, e);
	if (r < 0)
		return r;
	if (rq->json) {
		json_begin(&j, NULL, '{');
		json_number(&j, "version", 1);
		json_begin(&j, "images", '[');
		for (const char *const *name = image_names(&s); *name; name++)
			if (look(&s, *name, &i))
				print_json(&j, *name, &i);
		json_end(&j, ']');
		json_end(&j, '}');
	} else if (rq->names) {
		for (const char *const *name = image_names(&s); *name; name++)
			puts(*name);
	} else {
		list_table(&s);
	}
	image_store_close(&s);
	return 0;
}

/* ---- what stands on one ---- */

/* The layers that lie over an image with that content, blanks between; NULL: none. */
static const char *layers_over(struct request *rq, const char *content)
{
	struct err ignored;
	const char **names, *text = NULL;
	_cleanup_fd_ int fd =
		layers_open(rq->host.vars[VAR_XDG_DATA_HOME], false, &ignored);
	if (fd < 0 || !content || layers_list(rq->a, fd, &names, &ignored) < 0)
		return NULL;
	for (; *names; names++) {
		struct layer l;
		if (layer_open(rq->a, fd, *names, 0, &l, &ignored) < 0)
			continue;
		if (l.base == BASE_IMAGE && strcmp(l.base_name, content) == 0)
			text = arena_printf(rq->a, "%s%s%s", text ? text : "",
				text ? " " : "", *names);
		layer_close(&l);
	}
	return text;
}

/* ---- show ---- */

static void left_out(int64_t n, const char *what)
{
	if (n > 0)
		printf("left out  %" PRId64 " %s\n", n, what);
}

static void show_text(struct request *rq, const struct image_store *s, const char *name,
	const struct image_info *i)
{
	char size[HUMAN_MAX], age[HUMAN_MAX], when[32] = "-";
	struct tm tm;
	time_t t = (time_t)i->imported;
	if (localtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	human_size(size, (uint64_t)i->bytes);
	human_age(age, (uint64_t)(time(NULL) > t ? time(NULL) - t : 0));
	printf("name      %s\nsource    %s\nkind      %s\n", name,
		i->source ? i->source : UNKNOWN, i->kind ? i->kind : UNKNOWN);
	printf("size      %s, %" PRId64 " entries\n", size, i->entries);
	left_out(i->skipped, "devices, fifos, sockets and whiteouts");
	left_out(i->xattrs, "extended attributes");
	left_out(i->unmapped, "owners, which became root");
	printf("imported  %s, %s ago\n", when, age);
	printf("tree      %s/%s/root\n", s->path, name);
	printf("ids       %s\n", i->map ? i->map : "your own alone");
	printf("digest    %s\ncontent   %s\n", i->digest ? i->digest : UNKNOWN,
		i->content ? i->content : UNKNOWN);
	const char *layers = layers_over(rq, i->content);
	const char *ids = instances_using(rq->a, name, NULL);
	if (layers)
		printf("layers    %s\n", layers);
	if (ids)
		printf("in use    by %s\n", ids);
}

static int show(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	const char *name = w->v[0];
	struct image_store s;
	struct image_info i;
	struct json j = { .f = stdout };
	int r = image_store_open(&s, rq->a, &rq->host, false, e);
	if (r < 0)
		return r;
	bool there = look(&s, name, &i);
	if (!there)
		(void)image_not_there(&s, name, e);
	image_store_close(&s);
	if (!there)
		return e->code;
	if (rq->json)
		print_json(&j, name, &i);
	else
		show_text(rq, &s, name, &i);
	return 0;
}

/* ---- remove ---- */

/* Whether layers need it: they do with any other image of the same content. */
static int check_layers(struct request *rq, const char *name, struct err *e)
{
	struct image_store s;
	struct image_info i, other;
	const char *layers = NULL;
	int r = image_store_open(&s, rq->a, &rq->host, false, e);
	if (r < 0)
		return r;
	if (look(&s, name, &i) && i.content)
		layers = layers_over(rq, i.content);
	for (const char *const *n = image_names(&s); layers && *n; n++)
		if (strcmp(*n, name) != 0 && look(&s, *n, &other) && other.content &&
			strcmp(other.content, i.content) == 0)
			layers = NULL;
	image_store_close(&s);
	if (!layers)
		return 0;
	bool several = strchr(layers, ' ');
	err_set(e, -EBUSY, "the image '%s' is what the layer%s %s %s over", name,
		several ? "s" : "", layers, several ? "lie" : "lies");
	return err_hint(e,
		"'sbox layer remove %s' first; with --force the image goes, and what was "
		"written over it cannot be used until it is imported again",
		layers);
}

static int remove_one(struct request *rq, const char *name, struct err *e)
{
	int r = rq->force ? 0 : check_layers(rq, name, e);
	if (r == 0)
		r = image_remove(rq->a, &rq->host, name, e);
	const char *ids = r == -EBUSY ? instances_using(rq->a, name, NULL) : NULL;
	if (!ids)
		return told(r);
	bool several = strchr(ids, ' ');
	err_set(e, r, "the image '%s' is in use by the sandbox%s %s", name,
		several ? "es" : "", ids);
	return err_hint(e, "'sbox kill %s' ends %s", ids, several ? "them" : "it");
}

static int remove_named(void *request, const struct words *w, struct err *e)
{
	int result = 0;
	for (char **name = w->v; *name; name++) {
		int r = remove_one(request, *name, e);
		if (r == -EINTR)
			return r;
		if (r < 0)
			log_err(e);
		result = r == 0 ? result : EXIT_SBOX;
	}
	return result;
}

/* ---- */

static int verify(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	int r = image_verify(rq->a, &rq->host, w->v[0], e);
	return r == 1 ? 1 : told(r);
}

static int export(void *request, const struct words *w, struct err *e)
{
	struct request *rq = request;
	const struct image_export ex = {
		.name = w->v[0], .file = w->v[1], .force = rq->force
	};
	return told(image_export(rq->a, &rq->host, &ex, e));
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct request rq = { .a = &arena };
	struct words w;
	(void)argc;
	int r = words_read(&cmd_image, argv, &rq, &w, e);
	if (r == 0)
		r = host_init(&rq.host, &arena, e);
	if (r == 0)
		r = w.action->run(&rq, &w, e);
	arena_done(&arena);
	return r;
}

static const struct option_row import_options[] = {
	{ .name = "quiet",
		.letter = 'q',
		.offset = offsetof(struct request, quiet),
		.help = "no progress and no summary" },
	{ 0 },
};

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

static const struct option_row force_options[] = {
	{ .name = "force",
		.offset = offsetof(struct request, force),
		.help = "export: replace a file; remove: although layers need it" },
	{ 0 },
};

static const struct action actions[] = {
	{ .name = "import",
		.operands = "FILE|DIRECTORY [NAME]",
		.least = 1,
		.most = 2,
		.options = import_options,
		.run = import },
	{ .name = "list", .operands = "", .options = list_options, .run = list },
	{ .name = "show",
		.operands = "NAME",
		.least = 1,
		.most = 1,
		.options = show_options,
		.run = show },
	{ .name = "verify", .operands = "NAME", .least = 1, .most = 1, .run = verify },
	{ .name = "export",
		.operands = "NAME FILE",
		.least = 2,
		.most = 2,
		.options = force_options,
		.run = export },
	{ .name = "remove",
		.operands = "NAME...",
		.least = 1,
		.most = ANY_NUMBER,
		.options = force_options,
		.run = remove_named },
	{ 0 },
};

const struct command cmd_image = {
	.name = "image",
	.summary = "systems to be used as a root: import, list, check, export",
	.actions = actions,
	.words_from = "image list --names",
	.run = run,
};
