/* SPDX-License-Identifier: MIT */
/* port.c - "sbox port": the published ports of a running instance */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "stage/network_port.h"

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
		const char *text = net_forward_text(a, &all->v[i].publish);
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
	err_set(e, -ENOENT, "the instance '%s' takes no ports", h->info.state.id);
	err_hint(e, "those with network = user and network-helper = slirp4netns do");
	return NULL;
}

/* All words are looked at before anything is done. */
static int change(struct arena *a, const char *path, port_function *what, char **words,
	struct err *e)
{
	struct net_publish p;
	const char *hint;
	if (!*words)
		return err_set(e, -EINVAL, "sbox port: a port is missing");
	for (char **word = words; *word; word++) {
		const char *wrong = net_publish_parse(*word, &p, &hint);
		if (wrong) {
			err_set(e, -EINVAL, "sbox port: %s: '%s'", wrong, *word);
			return err_hint(e, "%s", hint);
		}
	}
	int r = 0;
	for (char **word = words; r == 0 && *word; word++) {
		(void)net_publish_parse(*word, &p, &hint);
		r = what(a, path, &p, e);
	}
	return r;
}

static int act(struct arena *a, const struct handle *h, char **words, bool as_json,
	struct err *e)
{
	struct net_forwards all;
	const char *path = socket_of(a, h, e);
	if (!path)
		return e->code;
	if (words[0] && strcmp(words[0], "add") == 0)
		return change(a, path, network_port_add, words + 1, e);
	if (words[0] && strcmp(words[0], "remove") == 0)
		return change(a, path, network_port_remove, words + 1, e);
	if (words[0] && (strcmp(words[0], "list") != 0 || words[1])) {
		err_set(e, -EINVAL, "sbox port: unknown word '%s'", words[0]);
		return err_hint(e, "list, add PORT..., remove PORT...");
	}
	int r = network_port_list(a, path, &all, e);
	if (r == 0)
		print(a, &all, as_json);
	return r;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct registry registry;
	struct handle h;
	(void)argc;
	bool as_json = instances_take_flag(argv, "--json");
	if (!argv[1]) {
		err_set(e, -EINVAL, "sbox port: which instance?");
		return err_hint(e, "'sbox ps' lists them");
	}
	int r = registry_open(&registry, &arena, e);
	if (r < 0)
		return r;
	r = registry_hold(&registry, &arena, argv[1], &h, e);
	if (r == 0) {
		r = act(&arena, &h, argv + 2, as_json, e);
		handle_release(&h);
	}
	registry_close(&registry);
	arena_done(&arena);
	return r;
}

const struct command cmd_port = {
	.name = "port",
	.synopsis = "ID [list | add PORT... | remove PORT...] [--json]",
	.summary = "list, add or remove published ports of a sandbox that runs",
	.words = "list add remove --json",
	.words_from = "ps --ids",
	.run = run,
};
