/* SPDX-License-Identifier: MIT */
/* words.c - the words behind a verb: which action, its options, and the operands
 *
 * All verbs but those that run a program are read here, so that options stand where the user
 * likes, a slip of the pen is answered with what was meant, and messages have one form:
 * "sbox: VERB ACTION: what is wrong".
 */
#include "cmd/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

static const char general_usage[] = "[FLAG...] [--] [COMMAND [ARG...]]";

const struct command *command_find(const char *name)
{
	for (size_t i = 0; name && commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static const char *next_command(size_t i, const void *ctx)
{
	(void)ctx;
	return commands[i] ? commands[i]->name : NULL;
}

const struct command *command_nearest(const char *word)
{
	return command_find(str_nearest(word, next_command, NULL));
}

const char *command_meant(struct arena *a, const char *word)
{
	const char *text = NULL;
	for (size_t i = 0; commands[i]; i++) {
		const struct action *act = commands[i]->actions;
		for (; act && act->operands; act++)
			if (act->name && strcmp(act->name, word) == 0)
				text = arena_printf(a, "%s%s%s %s", text ? text : "",
					text ? "' or 'sbox " : "", commands[i]->name,
					word);
	}
	const struct command *near = text ? NULL : command_nearest(word);
	return near ? near->name : text;
}

/* ---- usage ---- */

/* How one action is called, behind "sbox". */
static void print_call(FILE *f, const struct command *c, const struct action *act)
{
	fputs(c->name, f);
	if (act->name)
		fprintf(f, " %s", act->name);
	for (const struct option_row *o = act->options; o && o->name; o++)
		if (o->help && o->value)
			fprintf(f, " [--%s %s]", o->name, o->value);
		else if (o->help)
			fprintf(f, " [--%s]", o->name);
	if (*act->operands)
		fprintf(f, " %s", act->operands);
}

static void print_option(FILE *f, const struct option_row *o)
{
	char text[64], letter[8] = "    ";
	if (o->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	(void)snprintf(text, sizeof(text), "  %s--%s%s%s", letter, o->name,
		o->value ? " " : "", o->value ? o->value : "");
	fprintf(f, "%-24s%s\n", text, o->help);
}

static bool has_option(const struct action *act, const char *name)
{
	for (const struct option_row *o = act->options; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

/* Whether an action before @act has it, too. */
static bool is_known(
	const struct command *c, const struct action *act, const struct option_row *o)
{
	for (const struct action *other = c->actions; other != act; other++)
		if (has_option(other, o->name))
			return true;
	return false;
}

void words_usage(FILE *f, const struct command *c)
{
	if (!c->actions)
		fprintf(f, "usage: sbox %s %s\n", c->name, general_usage);
	for (const struct action *act = c->actions; act && act->operands; act++) {
		fputs(act == c->actions ? "usage: sbox " : "       sbox ", f);
		print_call(f, c, act);
		fputc('\n', f);
	}
	fprintf(f, "\n%s\n", c->summary);
	if (!c->actions)
		fputs("'sbox help' shows the flags\n", f);
	bool any = false;
	for (const struct action *act = c->actions; act && act->operands; act++)
		for (const struct option_row *o = act->options; o && o->name; o++) {
			if (!o->help || is_known(c, act, o))
				continue;
			if (!any)
				fputc('\n', f);
			any = true;
			print_option(f, o);
		}
}

const char *words_actions(struct arena *a, const struct command *c)
{
	const char *text = "";
	for (const struct action *act = c->actions; act && act->operands; act++)
		if (act->name)
			text = arena_printf(
				a, "%s%s%s", text, *text ? " " : "", act->name);
	return text;
}

const char *words_flags(struct arena *a, const struct command *c)
{
	const char *text = "";
	for (const struct action *act = c->actions; act && act->operands; act++)
		for (const struct option_row *o = act->options; o && o->name; o++)
			if (o->help && !is_known(c, act, o))
				text = arena_printf(
					a, "%s%s--%s", text, *text ? " " : "", o->name);
	return text;
}

/* ---- mistakes ---- */

int words_wrong(const struct words *w, struct err *e)
{
	char *call = NULL;
	size_t size;
	FILE *f = e->hint[0] ? NULL : open_memstream(&call, &size);
	if (f) {
		print_call(f, w->command, w->action);
		fclose(f);
		err_hint(e, "usage: sbox %s", call);
	}
	free(call);
	return w->action->name ? err_wrap(e, "%s %s", w->command->name, w->action->name)
			       : err_wrap(e, "%s", w->command->name);
}

static const char *next_action(size_t i, const void *ctx)
{
	return ((const struct action *)ctx)[i].name;
}

static const char *next_option(size_t i, const void *ctx)
{
	const struct option_row *o = ctx;
	return o ? o[i].name : NULL;
}

/* "list, show, remove or prune" */
static const char *names_of(struct arena *a, const struct action *actions)
{
	const char *text = actions->name;
	for (const struct action *act = actions + 1; act->operands; act++)
		text = arena_printf(
			a, "%s%s%s", text, act[1].operands ? ", " : " or ", act->name);
	return text;
}

static int no_action(const struct command *c, const char *word, struct err *e)
{
	struct arena a = { 0 };
	const char *near = word ? str_nearest(word, next_action, c->actions) : NULL;
	if (word)
		err_set(e, -EINVAL, "%s: there is no '%s'", c->name, word);
	else
		err_set(e, -EINVAL, "%s: a word is missing that says what to do",
			c->name);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	else
		err_hint(e, "%s; 'sbox help %s' tells more", names_of(&a, c->actions),
			c->name);
	arena_done(&a);
	return e->code;
}

static int unknown(
	const struct words *w, const char *word, size_t name_len, struct err *e)
{
	char name[64];
	const char *first = word + 1 + (word[1] == '-');
	err_set(e, -EINVAL, "unknown flag '%.*s'",
		(int)(first - word + (ssize_t)name_len), word);
	(void)snprintf(name, sizeof(name), "%.*s", (int)name_len, first);
	const char *near = str_nearest(name, next_option, w->action->options);
	if (near)
		err_hint(e, "did you mean '--%s'?", near);
	return words_wrong(w, e);
}

/* ---- reading ---- */

static const struct action *find_action(
	const struct command *c, char **argv, struct err *e)
{
	if (!c->actions->name)
		return c->actions;
	char **word = argv + 1;
	while (*word && **word == '-')
		word++;
	for (const struct action *act = c->actions; *word && act->operands; act++)
		if (strcmp(act->name, *word) == 0) {
			/* what is left are options and operands */
			do
				word[0] = word[1];
			while (*word++);
			return act;
		}
	(void)no_action(c, *word, e);
	return NULL;
}

static const struct option_row *find_option(
	const struct action *act, const char *word, size_t name_len)
{
	for (const struct option_row *o = act->options; o && o->name; o++)
		if (word[1] == '-' ? strlen(o->name) == name_len &&
					strncmp(o->name, word + 2, name_len) == 0
				   : o->letter && o->letter == word[1])
			return o;
	return NULL;
}

/* The option at @word; @word is moved to the last word that it takes. */
static int take_option(const struct words *w, char ***word, void *request, struct err *e)
{
	char *text = **word;
	bool is_long = text[1] == '-';
	size_t len = is_long ? strcspn(text + 2, "=") : 0;
	const struct option_row *o = find_option(w->action, text, len);
	char *attached = is_long ? (text[2 + len] ? text + 3 + len : NULL)
				 : (text[2] ? text + 2 + (text[2] == '=') : NULL);
	if (!o || (!is_long && attached && !o->value))
		return unknown(w, text, is_long ? len : strlen(text) - 1, e);
	char *member = (char *)request + o->offset;
	if (!o->value && attached) {
		err_set(e, -EINVAL, "'--%s' takes no value", o->name);
		return words_wrong(w, e);
	}
	if (!o->value) {
		*(bool *)member = true;
		return 0;
	}
	if (!attached && (*word)[1])
		attached = *++*word;
	if (!attached || !*attached) {
		err_set(e, -EINVAL, "'--%s' lacks its %s", o->name, o->value);
		return words_wrong(w, e);
	}
	if (*(const char **)(void *)member) {
		err_set(e, -EINVAL, "'--%s' is given twice", o->name);
		return words_wrong(w, e);
	}
	*(const char **)(void *)member = attached;
	return 0;
}

/* "KEY=VALUE" out of "ID KEY=VALUE..." for the second. */
static const char *operand_name(const struct action *act, unsigned i, int *ret_len)
{
	const char *p = act->operands;
	for (; i > 0; i--)
		p += strcspn(p, " ") + 1;
	*ret_len = (int)strcspn(p, " .");
	return p;
}

static int check_number(const struct words *w, struct err *e)
{
	const struct action *act = w->action;
	if (w->n >= act->least && w->n <= act->most)
		return 0;
	if (w->n > act->most) {
		err_set(e, -EINVAL, "one word too many: '%s'", w->v[act->most]);
	} else {
		int len;
		const char *name = operand_name(act, w->n, &len);
		err_set(e, -EINVAL, "%.*s is missing", len, name);
	}
	return words_wrong(w, e);
}

int words_read(const struct command *c, char **argv, void *request, struct words *ret,
	struct err *e)
{
	struct words w = {
		.command = c, .v = argv + 1, .action = find_action(c, argv, e)
	};
	bool literal = false;
	int r = 0;
	char **word = argv + 1;
	if (!w.action)
		return e->code;
	for (; r == 0 && *word; word++) {
		if (literal || (*word)[0] != '-' || !(*word)[1])
			w.v[w.n++] = *word;
		else if (strcmp(*word, "--") != 0)
			r = take_option(&w, &word, request, e);
		else {
			literal = true;
			w.literal = w.n;
		}
	}
	if (r < 0)
		return r;
	if (!literal)
		w.literal = w.n;
	w.v[w.n] = NULL;
	*ret = w;
	return check_number(ret, e);
}
