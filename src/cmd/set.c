/* SPDX-License-Identifier: MIT */
/* set.c - "sbox set": other limits for an instance that runs */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/instances.h"
#include "cmd/words.h"
#include "config/settings.h"
#include "resolve/host.h"
#include "resolve/usage.h"
#include "stage/group.h"
#include "stage/running.h"

struct changes {
	enum setting_id *v;
	size_t n;
};

/* "memory=2G", into the plan. */
static void take(
	struct plan *p, struct diags *d, struct changes *changes, const char *word)
{
	size_t len = strcspn(word, "=");
	const char *key = arena_strndup(p->arena, word, len);
	if (len == 0 || !word[len] || !word[len + 1]) {
		diag_add(d, NULL, "'%s' is not KEY=VALUE", word)->hint =
			"such as memory=2G";
		return;
	}
	enum setting_id id = setting_find(key);
	if (id == SET_COUNT || !settings[id].section) {
		struct diag *diag = diag_add(d, NULL, "there is no limit '%s'", key);
		const char *near = setting_nearest(key, S_CMDLINE | S_FILE);
		if (near)
			diag->hint = arena_printf(p->arena, "did you mean '%s'?", near);
		return;
	}
	*ARENA_PUSH(p->arena, changes) = id;
	setting_apply(p, d, id, word + len + 1, &(struct origin){ 0 });
}

/* "memory, pids" */
static const char *keys_of(struct arena *a, const struct group_write *w, size_t n)
{
	const char *text = "";
	for (size_t i = 0; i < n; i++)
		if (!w[i].optional)
			text = arena_printf(a, "%s%s%s", text, *text ? ", " : "",
				settings[w[i].id].key);
	return *text ? text : "nothing";
}

/* A first limit of memory brings one of swap, as it does at a start; later, what was set for
 * swap stays. */
static bool is_wanted(const struct group_write *w, const struct usage *before)
{
	return !w->optional || before->memory_limit == USAGE_UNLIMITED;
}

/* A controller that the start had no use for may be off. */
static void enable(int group, const struct group_write *w)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "+%s", controller_names[w->controller]);
	if (faccessat(group, w->file, F_OK, 0) < 0)
		(void)fd_write_file(group, "../cgroup.subtree_control", text);
}

/* For "sbox ps": there are limits now. */
static void tell_held(const struct handle *h, const struct group_writes *writes)
{
	struct instance_state state = h->info.state;
	bool limits = false;
	for (size_t i = 0; i < writes->n; i++)
		limits = limits || group_write_limits(&writes->v[i]);
	if (state.limits != HELD_NONE || !limits)
		return;
	state.limits = HELD_YES;
	(void)instance_write_state(h->fd, &state); /* it holds all the same */
}

static int write_all(struct arena *a, const struct host *host, const struct handle *h,
	const struct group_writes *writes, struct err *e)
{
	struct usage before;
	_cleanup_fd_ int group = -1;
	int r = running_group(h, &group, e);
	if (r < 0)
		return r;
	usage_read(group, &before);
	for (size_t i = 0; i < writes->n; i++) {
		const struct group_write *w = &writes->v[i];
		if (!is_wanted(w, &before))
			continue;
		if (!w->property && !w->lifts)
			enable(group, w);
		r = w->property ? running_weigh(h, group, w, a, host, e)
				: group_write(group, w, NULL, e);
		if (r == 0)
			continue;
		log_err(e);
		if (writes->n > 1)
			log_warning("'%s': changed: %s; not changed: %s",
				h->info.state.id, keys_of(a, writes->v, i),
				keys_of(a, w, writes->n - i));
		return EXIT_SBOX;
	}
	tell_held(h, writes);
	return 0;
}

static int set(struct arena *a, const struct host *host, const char *id,
	const struct group_writes *writes, struct err *e)
{
	struct registry registry;
	struct handle h;
	int r = registry_open(&registry, a, e);
	if (r < 0)
		return r;
	r = registry_hold(&registry, a, id, &h, e);
	if (r == 0) {
		r = write_all(a, host, &h, writes, e);
		handle_release(&h);
	}
	registry_close(&registry);
	return r;
}

static int run(int argc, char **argv, struct err *e)
{
	struct arena arena = { 0 };
	struct diags d = { .arena = &arena };
	struct changes changes = { 0 };
	struct group_writes writes = { 0 };
	struct host host;
	struct plan p;
	struct words w;
	(void)argc;
	int r = words_read(&cmd_set, argv, NULL, &w, e);
	if (r == 0)
		r = host_init(&host, &arena, e);
	if (r < 0)
		return r;
	plan_init(&p, &arena);
	for (char **word = w.v + 1; *word; word++)
		take(&p, &d, &changes, *word);
	if (d.n == 0)
		limits_changes(&p, changes.v, changes.n, &host, &d, &writes);
	r = diag_print_all(&d) > 0 ? EXIT_SBOX : set(&arena, &host, w.v[0], &writes, e);
	arena_done(&arena);
	return r;
}

static const struct action actions[] = {
	{ .operands = "ID KEY=VALUE...", .least = 2, .most = ANY_NUMBER },
	{ 0 },
};

const struct command cmd_set = {
	.name = "set",
	.summary = "change the limits of a sandbox that runs",
	.actions = actions,
	.words = "memory= memory-high= swap= oom-kill= cpus= cpu-weight= cpuset= pids= "
		 "io-weight= io-max=",
	.words_from = "ps --ids",
	.run = run,
};
