/* SPDX-License-Identifier: MIT */
/* port.c - "sbox port": the published ports of a running instance */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/words.h"
#include "stage/network_port.h"

struct request {
	bool json;
};

typedef int port_function(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e);

static void print(struct arena *a, const struct net_forwards *all, bool as_json)
{
	struct json j = { .f = stdout };
	if (as_json) {
		json_begin(&j, NULL, '{');
		json_number(&j, "version", 1);
		json_begin(&j, "ports", '[');
	}
	for (size_t i = 0; i < all->n; i++) {
		const char *text = net_forward_text(a, &all->v[i]);
		if (as_json)
			json_string(&j, NULL, text);
		else
			puts(text);
	}
	if (as_json) {
		json_end(&j, ']');
		json_end(&j, '}');
	}
}

/* The socket by its folder's descriptor: another instance may come to have the path. */
static const char *socket_of(struct arena *a, const struct handle *h, struct err *e)
{
	const char *path = arena_printf(
		a, "/proc/self/fd/%d/%s/%s", h->fd, NETWORK_FOLDER, NETWORK_SOCKET);
	if (access(path, F_OK) == 0)
		return path;
	err_set(e, -ENOENT, "the sandbox '%s' takes no ports", h->info.state.id);
	err_hint(e, "those with network = user do");
	return NULL;
}

/* All words are looked at before anything is done. */
static int change(struct arena *a, const char *path, port_function *what,
	const struct words *w, struct err *e)
{
	char **words = w->v + 2; /* behind the id and what is to be done */
	struct net_publish p;
	const char *hint;
	if (!*words)
		return err_set(e, -EINVAL, "a port is missing"), words_wrong(w, e);
	for (char **word = words; *word; word++) {
		const char *wrong = net_publish_parse(*word, &p, &hint);
		if (wrong) {
			err_set(e, -EINVAL, "%s: '%s'", wrong, *word);
			err_hint(e, "%s", hint);
			return words_wrong(w, e);
		}
	}
	int r = 0;
	for (char **word = words; r == 0 && *word; word++) {
		(void)net_publish_parse(*word, &p, &hint);
		r = what(a, path, &p, e);
	}
	return r;
}

static const char *next_verb(size_t i, const void *ctx)
{
	static const char *const verbs[] = { "list", "add", "remove", NULL };
	(void)ctx;
	return verbs[i];
}

static int not_to_be_done(const struct words *w, const char *what, struct err *e)
{
	bool list = strcmp(what, "list") == 0;
	const char *near = list ? NULL : str_nearest(what, next_verb, NULL);
	err_set(e, -EINVAL, "unknown word '%s'", list ? w->v[2] : what);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	return words_wrong(w, e);
}

static int act(struct arena *a, const struct handle *h, const struct words *w,
	bool as_json, struct err *e)
{
	const char *what = w->v[1] ? w->v[1] : "list";
	struct net_forwards all;
	const char *path = socket_of(a, h, e);
	if (!path)
		return e->code;
	if (strcmp(what, "add") == 0)
		return change(a, path, network_port_add, w, e);
	if (strcmp(what, "remove") == 0)
		return change(a, path, network_port_remove, w, e);
	if (strcmp(what, "list") != 0 || w->n > 2)
		return not_to_be_done(w, what, e);
	int r = network_port_list(a, path, &all, e);
	if (r == 0)
		print(a, &all, as_json);
	return r;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct registry registry;
	struct request rq = { 0 };
	struct handle h;
	struct words w;
	(void)argc;
	int r = words_read(&cmd_port, argv, &rq, &w, e);
	if (r == 0)
		r = registry_open(&registry, &arena, e);
	if (r < 0)
		return r;
	r = registry_hold(&registry, &arena, w.v[0], &h, e);
	if (r == 0) {
		r = act(&arena, &h, &w, rq.json, e);
		handle_release(&h);
	}
	registry_close(&registry);
	arena_done(&arena);
	return r;
}

static const struct option_row options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "for programs" },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "ID [list|add PORT...|remove PORT...]",
		.least = 1,
		.most = ANY_NUMBER,
		.options = options },
	{ 0 },
};

const struct command cmd_port = {
	.name = "port",
	.summary = "list, add or remove published ports of a sandbox that runs",
	.actions = actions,
	.words = "list add remove",
	.words_from = "ps --ids",
	.run = run,
};
