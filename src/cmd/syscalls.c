/* SPDX-License-Identifier: MIT */
/* syscalls.c - "sbox syscalls": groups of system calls, and what a profile decides why */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cmd/words.h"
#include "config/check.h"
#include "config/origins.h"
#include "config/profile.h"
#include "config/syscalls.h"

struct request {
	bool json, words;
};

static const char *error_text(const struct decision *d)
{
	if (d->error < 0)
		return "kill";
	return d->error > 0 ? strerrorname_np(d->error) : "";
}

/* The line that decided: a rule with its place, a setting, or that nothing did. */
static const char *reason_of(struct origins *o, const struct decision *d, bool whole)
{
	if (d->rule)
		return arena_printf(o->arena, "%s (%s)", d->rule->text,
			whole ? origin_text(o->arena, &d->rule->at)
			      : origins_text(o, &d->rule->at));
	return d->reason ? d->reason : "no rule names it";
}

static const char *verdict_text(struct arena *a, const struct decision *d)
{
	if (d->verdict == VERDICT_ALLOW)
		return d->judged ? "judged" : "allow";
	return *error_text(d) ? arena_printf(a, "deny:%s", error_text(d)) : "deny";
}

static void print_decisions(struct arena *a, const struct decision *v, bool as_json)
{
	struct json j = { .f = stdout };
	struct origins o = { .arena = a };
	if (as_json) {
		json_begin(&j, NULL, '{');
		json_number(&j, "version", 1);
		json_begin(&j, "syscalls", '[');
	}
	for (size_t i = 0; i < n_syscall_names; i++) {
		if (!as_json) {
			printf("%-28s %-14s %s\n", syscall_names[i],
				verdict_text(a, &v[i]), reason_of(&o, &v[i], false));
			continue;
		}
		json_begin(&j, NULL, '{');
		json_string(&j, "name", syscall_names[i]);
		json_string(&j, "verdict", verdict_text(a, &v[i]));
		json_string(&j, "reason", reason_of(&o, &v[i], true));
		json_end(&j, '}');
	}
	if (as_json) {
		json_end(&j, ']');
		json_end(&j, '}');
	}
	origins_files(stdout, &o);
}

static int profile(struct arena *a, const char *name, bool as_json)
{
	struct diags d = { .arena = a };
	struct decision v[SYSCALLS_MAX];
	struct profile_dirs dirs;
	struct plan p;
	plan_init(&p, a);
	profile_dirs_init(&dirs, a);
	profile_load(&p, &d, &dirs, name, &(struct origin){ 0 });
	check_plan(&p, &d);
	if (diag_print_all(&d) > 0)
		return EXIT_SBOX;
	syscalls_decide(&p, v);
	print_decisions(a, v, as_json);
	return 0;
}

static int one_group(const struct syscall_group *g)
{
	printf("# %s\n", g->doc);
	for (const char *p = g->members; *p;) {
		size_t len = strcspn(p, " ");
		printf("%.*s\n", (int)len, p);
		p += len + (p[len] == ' ');
	}
	return 0;
}

static int all_groups(void)
{
	for (const struct syscall_group *g = syscall_groups; g->name; g++)
		printf("%-16s %s\n", g->name, g->doc);
	return 0;
}

/* For completions: all that may stand behind the verb. */
static int all_words(void)
{
	struct arena arena = { 0 };
	struct profile_dirs dirs;
	struct profile_infos infos = { 0 };
	for (const struct syscall_group *g = syscall_groups; g->name; g++)
		puts(g->name);
	profile_dirs_init(&dirs, &arena);
	profile_list(&arena, &dirs, &infos);
	for (size_t i = 0; i < infos.n; i++)
		puts(infos.v[i].name);
	arena_done(&arena);
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	struct request rq = { 0 };
	struct words w;
	(void)argc;
	if (words_read(&cmd_syscalls, argv, &rq, &w, e) < 0)
		return e->code;
	const char *name = w.v[0];
	if (rq.words)
		return all_words();
	if (!name)
		return all_groups();
	if (name[0] != '@') {
		struct arena arena = { 0 };
		int r = profile(&arena, name, rq.json);
		arena_done(&arena);
		return r;
	}
	const struct syscall_group *group = syscall_group_find(name);
	if (group)
		return one_group(group);
	err_set(e, -ENOENT, "there is no group '%s'", name);
	const char *near = syscall_nearest(name);
	return near ? err_hint(e, "did you mean '%s'?", near) : e->code;
}

static const struct option_row options[] = {
	{ .name = "json",
		.offset = offsetof(struct request, json),
		.help = "of a profile, for programs" },
	{ .name = "words", .offset = offsetof(struct request, words) },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "[@GROUP|PROFILE]", .most = 1, .options = options },
	{ 0 },
};

const struct command cmd_syscalls = {
	.name = "syscalls",
	.summary = "list groups of system calls, or what a profile decides and why",
	.actions = actions,
	.words_from = "syscalls --words",
	.run = run,
};
