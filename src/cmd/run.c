/* SPDX-License-Identifier: MIT */
/* run.c - the verb that everything is for: a program in a sandbox */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/run.h"
#include "config/cmdline.h"
#include "config/settings.h"
#include "config/show.h"
#include "resolve/overlay.h"
#include "resolve/resolve.h"
#include "resolve/steps.h"
#include "resolve/told.h"
#include "stage/group.h"
#include "stage/image.h"
#include "stage/run.h"
#include "stage/status.h"

/* The memory of argv and the environment is one piece: the kernel lays it out so. */
static char *words_of(char **argv, size_t *ret_size)
{
	extern char **environ;
	char *first = argv[0], *end = argv[0];
	for (char **v = argv; *v; v++)
		if (*v == end)
			end += strlen(*v) + 1;
	for (char **v = environ; *v; v++)
		if (*v == end)
			end += strlen(*v) + 1;
	*ret_size = (size_t)(end - first);
	return first;
}

static int told(const struct diags *d, struct err *e)
{
	/* the first one stands for all where only one can be told */
	err_set(e, -EINVAL, "%s", d->v[0].msg);
	diag_print_all(d);
	return EXIT_SBOX;
}

/* Whether none of the limits was asked for by the user, or the administrator. */
static bool limits_are_brought(const struct ready *rd)
{
	struct profile_dirs dirs;
	const struct plan *p = rd->plan;
	const struct group_writes *writes = &rd->limits.writes;
	profile_dirs_init(&dirs, p->arena);
	bool all = p->limits == LIMITS_AUTO;
	for (size_t i = 0; all && i < writes->n; i++)
		if (!writes->v[i].optional)
			all = profile_is_brought(&dirs, p->origin[writes->v[i].id].file);
	return all &&
		(p->cpu_time_ns == 0 ||
			profile_is_brought(&dirs, p->origin[SET_CPU_TIME].file));
}

/* Who asked for a limit is told each time; of those that a profile of sbox has for the case
 * that they can be held, once: a line at each start would teach to read none of them. */
static void warn_limits(const struct ready *rd)
{
	const char *reason = rd->limits.dropped;
	if (!reason || rd->plan->no_limits || rd->plan->dry_run)
		return;
	if (!limits_are_brought(rd))
		log_warning("limits are not held: %s (--no-limits stops this warning)",
			reason);
	else if (told_before(rd->plan->arena, &rd->host, "limits", reason))
		log_info("limits are not held: %s", reason);
	else
		log_warning(
			"limits of the profile '%s' are not held: %s (told once in a session; "
			"'sbox ps' shows it)",
			rd->plan->profile_name, reason);
}

/* What was asked for by name and takes something from what else was. */
static void warn(const struct ready *rd)
{
	if (rd->host.uid == 0)
		log_warning(
			"sbox is run by root: what the program can see it owns, as root does; "
			"run it as an ordinary user");
	warn_limits(rd);
	const struct mount_op *guard = mount_plan_guard(&rd->ops, &rd->root);
	if (rd->plan->nested == NESTED_FULL && guard)
		/* in a mount namespace without this mount it is no mount point */
		log_warning(
			"nested = full: the program can rename '%s' and put something "
			"else in its place",
			guard->dest);
}

/* What somebody who only wanted to try a program needs to know next. */
static void tell_layer(const struct ready *rd)
{
	const char *name = rd->plan->layer;
	if (!overlay_is_kept(rd->plan))
		return;
	if (overlay_is_untouched(rd))
		log_info("nothing was written to the layer '%s'", name);
	else
		log_note(
			"what was written is in the layer '%s': 'sbox diff %s' shows it, 'sbox "
			"apply %s' brings it to the host, 'sbox discard %s' throws it away",
			name, name, name, name);
}

static int run_plan(
	struct plan *p, struct diags *d, char **argv, bool tries, struct err *e)
{
	struct ready rd;
	struct group group;
	bool started = false;
	size_t size;

	int r = resolve_begin(p, &rd, d, e);
	if (r == 0)
		r = image_as_root(p, &rd.host, e);
	if (r > 0) /* it has told why */
		return EXIT_SBOX;
	if (r == 0)
		r = group_begin(&rd, p->dry_run || d->n > 0, &group, e);
	if (r < 0) {
		status_failed(p->json_status_fd, e);
		return r;
	}
	r = resolve_plan(&rd, p->dry_run, d, e);
	if (r == 0)
		warn(&rd);
	if (r == 0 && p->dry_run) {
		if (p->json)
			steps_print_json(stdout, &rd);
		else
			steps_print(stdout, &rd);
		return 0;
	}
	if (r == 0) {
		char *words = words_of(argv, &size);
		r = run_sandbox(&rd, &group, words, size, &started, e);
	} else if (d->n > 0) {
		r = told(d, e);
	}
	group_end(&group);
	if (started && tries)
		tell_layer(&rd);
	resolve_undo(&rd, !started);
	if (!started && (r < 0 || d->n > 0))
		status_failed(p->json_status_fd, e);
	return r;
}

/* Of "memory=2G" its key; NULL: it has another form, or names no flag. */
static const char *flag_meant(struct arena *a, const char *word)
{
	const char *equals = strchr(word, '=');
	if (!equals)
		return NULL;
	enum setting_id id =
		setting_find(arena_strndup(a, word, (size_t)(equals - word)));
	return id < SET_COUNT && !(settings[id].flags & S_FILE) ? word : NULL;
}

/* A program that does not exist may be a verb behind flags, one with a slip of the pen, or a
 * flag without its dashes. */
static void hint_word(const struct plan *p, bool verbs, struct err *e)
{
	if (!p->argv || e->exit_status != EXIT_NOT_FOUND || e->hint[0])
		return;
	const char *word = p->argv[0];
	const char *verb = verbs ? command_meant(p->arena, word) : NULL;
	const char *flag = flag_meant(p->arena, word);
	if (flag)
		err_hint(e, "did you mean '--%s'?", flag);
	else if (verbs && command_find(word))
		err_hint(e, "a verb stands before all flags: sbox %s ...", word);
	else if (verb)
		err_hint(e, "did you mean 'sbox %s'?", verb);
}

int run_words(char **words, char **argv, bool tries, struct err *e)
{
	struct arena arena = { 0 };
	struct diags d = { .arena = &arena };
	struct cmdline c = { 0 };
	struct plan p;

	plan_init(&p, &arena);
	cmdline_parse(&arena, words, &d, &c);
	cmdline_plan(&p, &d, &c, true);
	log_set_level(p.quiet ? LOG_QUIET : p.verbose ? LOG_VERBOSE : LOG_NORMAL);

	int r = 0;
	if (p.help)
		r = cmd_help.run(1, (char *[]){ "help", NULL }, e);
	else if (p.version)
		printf("sbox %s\n", SBOX_VERSION);
	else if (d.n > 0) {
		r = told(&d, e);
		status_failed(p.json_status_fd, e);
	} else {
		log_info("profile %s", p.profile_name ? p.profile_name : "none");
		r = run_plan(&p, &d, argv, tries, e);
		/* "run" in so many words leaves no doubt that a program is meant */
		if (r < 0)
			hint_word(&p, argv[0] && !command_find(argv[0]), e);
	}
	arena_done(&arena);
	return r;
}

static int run(int argc, char **argv, struct err *e)
{
	(void)argc;
	return run_words(argv + 1, argv, false, e);
}

const struct command cmd_run = {
	.name = "run",
	.summary = "run a program in a sandbox (the verb may be left out)",
	.run = run,
};
