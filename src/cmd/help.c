/* SPDX-License-Identifier: MIT */
/* help.c - "sbox help": verbs and flags, and the parts of the man pages */
#include <errno.h>
#include <stdio.h>

#include "cmd/words.h"
#include "config/settings.h"
#include "config/show.h"

static const char examples[] =
	"examples:\n"
	"  sbox sh                            a shell; home and network are its own\n"
	"  sbox --profile browser firefox     a browser with a home of its own\n"
	"  sbox -p untrusted -r tool ./tool   nothing else of yours, no network\n"
	"  sbox --profile build make          this directory writable, no network\n"
	"  sbox --dry-run firefox             what would be done, step by step\n";

static void usage(void)
{
	puts("usage: sbox [FLAG...] [--] [COMMAND [ARG...]]\n"
	     "       sbox VERB ...\n");
	fputs(examples, stdout);
	puts("\nverbs ('sbox help VERB' tells how each is called):");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-12s%s\n", commands[i]->name, commands[i]->summary);
	show_help(stdout);
	puts("\nEvery setting is a key of a profile too; 'sbox help SETTING' tells all of one.\n"
	     "More: sbox(1), sbox-profile(5), sbox-security(7).");
}

static void show_verbs(void)
{
	for (size_t i = 0; commands[i]; i++)
		puts(commands[i]->name);
}

static void show_words(void)
{
	show_verbs();
	show_keys(stdout);
}

struct request {
	bool keys, verbs, words, roff_settings, roff_options;
};

/* A verb, a setting, or both of the name. */
static int about(const char *word, struct err *e)
{
	const struct command *c = command_find(word);
	enum setting_id id = setting_find(word);
	if (c)
		words_usage(stdout, c);
	if (c && id != SET_COUNT)
		puts("\nand the setting:\n");
	if (id != SET_COUNT)
		show_setting_help(stdout, id);
	if (c || id != SET_COUNT)
		return 0;
	err_set(e, -EINVAL, "help: there is no verb and no setting '%s'", word);
	c = command_nearest(word);
	const char *near = c ? c->name : setting_nearest(word, 0);
	if (near)
		return err_hint(e, "did you mean 'sbox help %s'?", near);
	return err_hint(e,
		"'sbox help' shows verbs and flags; man sbox and man sbox-profile "
		"tell all");
}

static int run(int argc, char **argv, struct err *e)
{
	struct request rq = { 0 };
	struct words w;
	(void)argc;
	if (words_read(&cmd_help, argv, &rq, &w, e) < 0)
		return e->code;
	if (w.n > 0)
		return about(w.v[0], e);
	if (rq.keys)
		show_keys(stdout);
	else if (rq.verbs)
		show_verbs();
	else if (rq.words)
		show_words();
	else if (rq.roff_settings)
		show_mdoc_settings(stdout);
	else if (rq.roff_options)
		show_mdoc_options(stdout);
	else
		usage();
	return 0;
}

/* For the build and the completions. */
static const struct option_row options[] = {
	{ .name = "keys", .offset = offsetof(struct request, keys) },
	{ .name = "verbs", .offset = offsetof(struct request, verbs) },
	{ .name = "words", .offset = offsetof(struct request, words) },
	{ .name = "roff-settings", .offset = offsetof(struct request, roff_settings) },
	{ .name = "roff-options", .offset = offsetof(struct request, roff_options) },
	{ 0 },
};

static const struct action actions[] = {
	{ .operands = "[VERB|SETTING]", .most = 1, .options = options },
	{ 0 },
};

const struct command cmd_help = {
	.name = "help",
	.summary = "print verbs and flags, or all of one of them",
	.actions = actions,
	.words_from = "help --words",
	.run = run,
};
