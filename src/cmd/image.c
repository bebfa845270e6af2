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
#include "cmd/command.h"
#include "cmd/table.h"
#include "stage/image.h"

struct request {
	struct arena *a;
	struct host host;
	const char *words[2]; /* behind the verb */
	bool json, names, quiet;
};

/* What was told already gives its exit code; 1 is verify's alone. */
static int told(int r)
{
	return r > 0 ? EXIT_SBOX : r;
}

static int import(struct request *rq, struct err *e)
{
	struct image_import im = {
		.path = rq->words[0], .name = rq->words[1], .quiet = rq->quiet
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

static int list(struct request *rq, struct err *e)
{
	struct image_store s;
	struct image_info i;
	struct json j = { .f = stdout };
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

static int show(struct request *rq, struct err *e)
{
	struct image_store s;
	struct image_info i;
	struct json j = { .f = stdout };
	int r = image_store_open(&s, rq->a, &rq->host, false, e);
	if (r < 0)
		return r;
	bool there = look(&s, rq->words[0], &i);
	image_store_close(&s);
	if (!there) {
		err_set(e, -ENOENT, "there is no image '%s'", rq->words[0]);
		return err_hint(e, "'sbox image list' shows those that there are");
	}
	if (rq->json)
		print_json(&j, rq->words[0], &i);
	else
		printf("root=%s/%s/root\n%s", s.path, rq->words[0],
			image_format(rq->a, &i));
	return 0;
}

static int remove_one(struct request *rq, struct err *e)
{
	return told(image_remove(rq->a, &rq->host, rq->words[0], e));
}

static int verify(struct request *rq, struct err *e)
{
	int r = image_verify(rq->a, &rq->host, rq->words[0], e);
	return r == 1 ? 1 : told(r);
}

static int export(struct request *rq, struct err *e)
{
	return told(image_export(rq->a, &rq->host, rq->words[0], rq->words[1], e));
}

static int take_word(struct request *rq, const char *word, struct err *e)
{
	if (strcmp(word, "--json") == 0)
		rq->json = true;
	else if (strcmp(word, "--names") == 0)
		rq->names = true;
	else if (strcmp(word, "--quiet") == 0 || strcmp(word, "-q") == 0)
		rq->quiet = true;
	else if (word[0] == '-' && word[1])
		return err_set(e, -EINVAL, "sbox image: unknown flag '%s'", word);
	else if (!rq->words[0])
		rq->words[0] = word;
	else if (!rq->words[1])
		rq->words[1] = word;
	else
		return err_set(e, -EINVAL, "sbox image: one word too many: '%s'", word);
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	static const struct {
		const char *name;
		int (*run)(struct request *rq, struct err *e);
		int least, most; /* words */
	} verbs[] = {
		{ "import", import, 1, 2 },
		{ "list", list, 0, 0 },
		{ "show", show, 1, 1 },
		{ "remove", remove_one, 1, 1 },
		{ "verify", verify, 1, 1 },
		{ "export", export, 2, 2 },
	};
	struct arena arena = { 0 };
	struct request rq = { .a = &arena };
	int r = 0;
	for (int i = 2; r == 0 && i < argc; i++)
		r = take_word(&rq, argv[i], e);
	if (r == 0)
		r = host_init(&rq.host, &arena, e);
	if (r < 0)
		return r;
	int n = !!rq.words[0] + !!rq.words[1];
	r = err_set(e, -EINVAL,
		"'sbox image' is followed by import FILE|DIR [NAME], list, show NAME, "
		"remove NAME, verify NAME or export NAME FILE.tar");
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && n >= verbs[i].least &&
			n <= verbs[i].most)
			r = verbs[i].run(&rq, e);
	arena_done(&arena);
	return r;
}

const struct command cmd_image = {
	.name = "image",
	.synopsis =
		"import FILE|DIR [NAME]|list|show NAME|remove NAME|verify NAME|export NAME FILE",
	.summary = "systems to be used as a root: import, list, check, export",
	.words = "import list show remove verify export",
	.words_from = "sbox image list --names",
	.run = run,
};
