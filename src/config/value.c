/* SPDX-License-Identifier: MIT */
/* value.c - scalar values: switches, choices, numbers, names and single paths
 *
 * Parsers have no side effects but on the plan's member, and never print: a mistake goes
 * to the list of diagnostics with its place and what would have been right.
 */
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "config/settings.h"
#include "config/template.h"
#include "config/value_help.h"

void value_bad(const struct value_input *in, unsigned offset, const char *hint,
	const char *what, const char *text)
{
	struct origin at = in->at;
	if (at.line)
		at.column += offset;
	/* a flag's place is its name already */
	bool named = at.file && at.line == 0;
	struct diag *d = diag_add(in->diags, &at, "%s%s%s: '%s'",
		named ? "" : in->setting->key, named ? "" : ": ", what, text);
	d->about = (enum setting_id)(in->setting - settings);
	if (hint)
		d->hint = arena_strdup(in->arena, hint);
}

bool value_check_path(const struct value_input *in, unsigned offset, const char *path)
{
	unsigned wrong_at;
	const char *wrong = template_check(path, in->at.line == 0, &wrong_at);
	if (wrong)
		value_bad(in, offset + wrong_at,
			strcmp(wrong, "unknown variable") == 0
				? "known are HOME, CWD, UID and the XDG ones; see sbox-profile(5)"
				: NULL,
			wrong, path);
	return !wrong;
}

/* ---- yes or no ---- */

static void bool_parse(const struct value_input *in, void *member)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on",
		"0", "1" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(in->text, words[i]) == 0) {
			*(bool *)member = i % 2;
			return;
		}
	value_bad(in, 0, "write yes or no", "neither yes nor no", in->text);
}

static void bool_print(FILE *f, const struct setting *s, const void *member)
{
	(void)s;
	fputs(*(const bool *)member ? "yes" : "no", f);
}

const struct value_type value_bool = {
	.name = "yes or no",
	.metavar = "yes|no",
	.flag = true,
	.parse = bool_parse,
	.print = bool_print,
};

/* ---- one of a few words ---- */

static const char *next_choice(size_t i, const void *ctx)
{
	return ((const struct setting *)ctx)->choices[i];
}

static void enum_parse(const struct value_input *in, void *member)
{
	const struct setting *s = in->setting;
	char all[256] = "one of ";
	for (int i = 0; s->choices[i]; i++) {
		if (strcmp(in->text, s->choices[i]) == 0) {
			*(int *)member = i;
			return;
		}
		size_t used = strlen(all);
		(void)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
			s->choices[i]);
	}
	const char *near = str_nearest(in->text, next_choice, s);
	value_bad(in, 0, near ? arena_printf(in->arena, "did you mean '%s'?", near) : all,
		"not one of its words", in->text);
}

static void enum_print(FILE *f, const struct setting *s, const void *member)
{
	fputs(s->choices[*(const int *)member], f);
}

const struct value_type value_enum = {
	.name = "one of its words",
	.metavar = "WORD",
	.parse = enum_parse,
	.print = enum_print,
};

/* ---- text ---- */

/* Quotes around the whole of a text are taken away, so that blanks at its ends and a '#'
 * can be written; a text with quotes only inside is kept as it is. */
static const char *unquoted(const struct value_input *in)
{
	const char *p = in->text, *start;
	char *word;
	if (!value_verbatim(in) && (*p == '"' || *p == '\'') &&
		str_next_word(in->arena, &p, &word, &start) == 0 && word && !*p)
		return word;
	return arena_strdup(in->arena, in->text);
}

/* Whether unquoted() would not read the text back. */
static bool needs_quotes(const char *text)
{
	size_t len = strlen(text);
	if (len == 0 || strchr(" \t#\"'", text[0]) || text[len - 1] == ' ' ||
		text[len - 1] == '\t')
		return true;
	for (const char *p = text; *p; p++)
		if (str_is_control(p) || (p[0] == '#' && (p[-1] == ' ' || p[-1] == '\t')))
			return true;
	return false;
}

static void string_parse(const struct value_input *in, void *member)
{
	*(const char **)member = unquoted(in);
}

static void string_print(FILE *f, const struct setting *s, const void *member)
{
	(void)s;
	const char *text = *(const char *const *)member;
	if (!text)
		return;
	if (needs_quotes(text))
		str_print_word(f, text);
	else
		fputs(text, f);
}

const struct value_type value_string = {
	.name = "text",
	.metavar = "TEXT",
	.parse = string_parse,
	.print = string_print,
};

static void path_parse(const struct value_input *in, void *member)
{
	const char *path = unquoted(in);
	if (value_check_path(in, 0, path))
		*(const char **)member = path;
}

const struct value_type value_path = {
	.name = "path",
	.metavar = "PATH",
	.parse = path_parse,
	.print = string_print,
};

static void root_parse(const struct value_input *in, void *member)
{
	const char *text = unquoted(in);
	if (strcmp(text, "host") == 0 || strcmp(text, "empty") == 0 ||
		value_check_path(in, 0, text))
		*(const char **)member = text;
}

const struct value_type value_root = {
	.name = "host, empty, an image, a directory or an archive",
	.metavar = "host|empty|IMAGE|DIR|FILE",
	.parse = root_parse,
	.print = string_print,
};

bool value_is_plain_name(const char *s)
{
	return str_is_plain_name(s);
}

static void home_parse(const struct value_input *in, void *member)
{
	const char *text = unquoted(in);
	if (strcmp(text, "private") == 0 || strcmp(text, "ephemeral") == 0 ||
		strcmp(text, "host") == 0 || strcmp(text, "none") == 0) {
		*(const char **)member = text;
		return;
	}
	if (str_starts(text, "private:")) {
		if (value_is_plain_name(text + 8))
			*(const char **)member = text;
		else
			value_bad(in, 8,
				"letters, digits, '.', '_' and '-', at most 64 of them",
				"not a name for a home", text + 8);
		return;
	}
	value_bad(in, 0, "private, private:NAME, ephemeral, host or none", "no such home",
		text);
}

const struct value_type value_home = {
	.name = "a kind of home",
	.metavar = "private[:NAME]|ephemeral|host|none",
	.parse = home_parse,
	.print = string_print,
};

static void layer_parse(const struct value_input *in, void *member)
{
	const char *text = unquoted(in);
	if (value_is_plain_name(text))
		*(const char **)member = text;
	else
		value_bad(in, 0,
			"none, ephemeral, or a name of letters, digits, '.', '_' and '-'",
			"not a layer", text);
}

const struct value_type value_layer = {
	.name = "where writes go",
	.metavar = "none|ephemeral|NAME",
	.parse = layer_parse,
	.print = string_print,
};

static void hostname_parse(const struct value_input *in, void *member)
{
	const char *text = unquoted(in);
	if (value_is_plain_name(text))
		*(const char **)member = text;
	else
		value_bad(in, 0, "letters, digits, '.', '_' and '-', at most 64 of them",
			"not a host name", text);
}

const struct value_type value_hostname = {
	.name = "host name",
	.metavar = "NAME",
	.parse = hostname_parse,
	.print = string_print,
};

/* Digits come first in the number that an instance without a name has. */
static void instance_name_parse(const struct value_input *in, void *member)
{
	const char *text = unquoted(in);
	if (value_is_plain_name(text) && isalpha((unsigned char)text[0]))
		*(const char **)member = text;
	else
		value_bad(in, 0,
			"a letter, then letters, digits, '.', '_' and '-', at most 64 of them",
			"not a name for a sandbox", text);
}

const struct value_type value_instance_name = {
	.name = "instance name",
	.metavar = "NAME",
	.parse = instance_name_parse,
	.print = string_print,
};

static void machine_id_parse(const struct value_input *in, void *member)
{
	const char *text = unquoted(in);
	if (strcmp(text, "random") == 0 || strcmp(text, "host") == 0 ||
		(strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32))
		*(const char **)member = text;
	else
		value_bad(in, 0, "random, host or 32 lower-case hexadecimal digits",
			"not a machine id", text);
}

const struct value_type value_machine_id = {
	.name = "machine id",
	.metavar = "random|host|ID",
	.parse = machine_id_parse,
	.print = string_print,
};

/* ---- numbers ---- */

static void fd_parse(const struct value_input *in, void *member)
{
	uint64_t n;
	if (num_u64(in->text, 0, VALUE_FD_MAX, &n) == 0)
		*(int64_t *)member = (int64_t)n;
	else
		value_bad(in, 0, "the number of an open file descriptor, as in 3>file",
			"not a descriptor", in->text);
}

static void fd_print(FILE *f, const struct setting *s, const void *member)
{
	(void)s;
	fprintf(f, "%" PRId64, *(const int64_t *)member);
}

const struct value_type value_fd = {
	.name = "file descriptor",
	.metavar = "FD",
	.parse = fd_parse,
	.print = fd_print,
};

static void duration_parse_sign(const struct value_input *in, void *member, int sign)
{
	int64_t ns;
	int r = num_duration(in->text, sign, &ns);
	if (r == 0)
		*(int64_t *)member = ns;
	else
		value_bad(in, 0, "a number and ms, s, m, h or d, such as 90s or 1.5h",
			r == -ERANGE ? "too long a time" : "not a time", in->text);
}

static void duration_parse(const struct value_input *in, void *member)
{
	duration_parse_sign(in, member, 0);
}

static void offset_parse(const struct value_input *in, void *member)
{
	duration_parse_sign(in, member, 1);
}

static void duration_print(FILE *f, const struct setting *s, const void *member)
{
	(void)s;
	int64_t ns = *(const int64_t *)member;
	const char *sign = ns < 0 ? "-" : "";
	ns = ns < 0 ? -ns : ns; /* the most negative one cannot be written */
	if (ns % 1000000000 == 0)
		fprintf(f, "%s%" PRId64 "s", sign, ns / 1000000000);
	else if (ns % 1000000 == 0)
		fprintf(f, "%s%" PRId64 "ms", sign, ns / 1000000);
	else
		fprintf(f, "%s%" PRId64 ".%03" PRId64 "ms", sign, ns / 1000000,
			ns / 1000 % 1000);
}

const struct value_type value_duration = {
	.name = "time",
	.metavar = "TIME",
	.parse = duration_parse,
	.print = duration_print,
};

const struct value_type value_offset = {
	.name = "time, may be negative",
	.metavar = "TIME",
	.parse = offset_parse,
	.print = duration_print,
};
