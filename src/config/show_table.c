/* SPDX-License-Identifier: MIT */
/* show_table.c - the settings table as help and as blocks of man pages */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "config/settings.h"
#include "config/show.h"

/* ---- help ---- */

/* What stands behind the flag: its words, or what to write, which is one value however
 * many a profile's line may have. */
static void flag_value(const struct setting *s, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; s->choices && s->choices[i]; i++) {
		size_t used = strlen(out);
		(void)snprintf(
			out + used, size - used, "%s%s", i ? "|" : "", s->choices[i]);
	}
	if (s->choices || s->type->flag)
		return;
	(void)snprintf(out, size, "%s", setting_metavar(s));
	if (str_ends(out, "..."))
		out[strlen(out) - 3] = '\0';
}

static void help_line(FILE *f, const struct setting *s)
{
	char flags[128], value[64];
	char shorts[8] = "    ";
	if (s->short_flag)
		(void)snprintf(shorts, sizeof(shorts), "-%c, ", s->short_flag);
	flag_value(s, value, sizeof(value));
	(void)snprintf(flags, sizeof(flags), "  %s--%s%s%s", shorts, setting_flag(s),
		*value ? " " : "", value);
	if (strlen(flags) > 29)
		fprintf(f, "%s\n%-30s%s\n", flags, "", s->help);
	else
		fprintf(f, "%-30s%s\n", flags, s->help);
}

static void help_section(FILE *f, const char *section)
{
	fprintf(f, "\n%s:\n", section ? section : "this run");
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		bool here = section ? s->section && strcmp(s->section, section) == 0
				    : !s->section;
		if (here && !(s->flags & S_FILE))
			help_line(f, s);
	}
}

void show_help(FILE *f)
{
	help_section(f, NULL);
	for (size_t i = 0; setting_sections[i]; i++)
		help_section(f, setting_sections[i]);
}

/* A paragraph, its lines no longer than a terminal's. */
static void fill(FILE *f, const char *text, size_t size)
{
	enum { WIDTH = 78 };
	size_t column = 0;
	for (const char *end = text + size; text < end;) {
		size_t len = strcspn(text, " \n");
		if (text + len > end)
			len = (size_t)(end - text);
		if (column > 0 && column + 1 + len > WIDTH) {
			fputc('\n', f);
			column = 0;
		}
		column += (size_t)fprintf(
			f, "%s%.*s", column > 0 ? " " : "", (int)len, text);
		text += len;
		text += text < end;
	}
	fputc('\n', f);
}

void show_setting_help(FILE *f, enum setting_id id)
{
	const struct setting *s = &settings[id];
	char value[64];
	flag_value(s, value, sizeof(value));
	if (s->section)
		fprintf(f, "%s = %s%*s[%s] of a profile\n", s->key,
			*value ? value : "yes|no", 4, "", s->section);
	if (!(s->flags & S_FILE))
		help_line(f, s);
	for (const char *text = s->doc; text && *text;) {
		const char *end = strstr(text, "\n\n");
		size_t size = end ? (size_t)(end - text) : strlen(text);
		fputc('\n', f);
		fill(f, text, size);
		text += size;
		text += strspn(text, "\n");
	}
}

void show_keys(FILE *f)
{
	for (unsigned id = 0; id < SET_COUNT; id++)
		if (settings[id].section)
			fprintf(f, "%s\n", settings[id].key);
}

/* ---- man pages ---- */

/* One word for mdoc: backslashes are doubled, a dash that begins a flag is a minus, and
 * what would be a request at a line's beginning is not. */
static void mdoc_word(FILE *f, const char *word, size_t len, bool first)
{
	if (first && (*word == '.' || *word == '\''))
		fputs("\\&", f);
	bool flag = true;
	for (size_t i = 0; i < len; i++) {
		flag = flag && strchr("-\"(", word[i]);
		if (word[i] == '\\')
			fputs("\\e", f);
		else if (flag && word[i] == '-')
			fputs("\\-", f);
		else
			fputc(word[i], f);
	}
}

/* Text for mdoc: each sentence begins a line, and none is longer than people read. */
static void mdoc_text(FILE *f, const char *text)
{
	enum { WIDTH = 78 };
	size_t column = 0;
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, " \n");
		if (column && column + 1 + len > WIDTH) {
			fputc('\n', f);
			column = 0;
		} else if (column) {
			fputc(' ', f);
			column++;
		}
		mdoc_word(f, p, len, column == 0);
		column += len;
		bool sentence = p[len - 1] == '.' && p[len] == ' ';
		p += len;
		if (p[0] == '\n' && p[1] == '\n')
			fputs("\n.Pp", f);
		if (sentence || *p == '\n') {
			fputc('\n', f);
			column = 0;
		}
		p += strspn(p, " \n");
	}
	if (column)
		fputc('\n', f);
}

/* A sentence out of the table's line, which has no capital and no full stop. */
static void mdoc_help(FILE *f, const struct setting *s)
{
	char text[512];
	(void)snprintf(text, sizeof(text), "%c%s.",
		s->help[0] >= 'a' && s->help[0] <= 'z' ? s->help[0] - 32 : s->help[0],
		s->help + 1);
	mdoc_text(f, text);
	mdoc_text(f, s->doc);
}

static void mdoc_choices(FILE *f, const struct setting *s)
{
	if (!s->choices)
		return;
	fputs("One of\n", f);
	for (size_t i = 0; s->choices[i]; i++)
		fprintf(f, ".Cm %s %s\n", s->choices[i], s->choices[i + 1] ? "," : ".");
}

static void mdoc_default(FILE *f, const struct setting *s, const struct plan *defaults)
{
	char *text = NULL;
	size_t size;
	if (s->type->list)
		return;
	FILE *value = open_memstream(&text, &size);
	if (!value)
		return;
	s->type->print(value, s, setting_member_const(s, defaults));
	fclose(value);
	if (*text) {
		fputs("Default:\n.Cm ", f);
		mdoc_word(f, text, size, false);
		fputs(" .\n", f);
	}
	free(text);
}

/* "(-r, --read; may be repeated; widens)" */
static void mdoc_notes(FILE *f, const struct setting *s)
{
	fputs(".Pq ", f);
	if (s->flags & S_FILE)
		fputs("No in files only", f);
	else if (s->short_flag)
		fprintf(f, "Fl %c , Fl Fl %s", s->short_flag, setting_flag(s));
	else
		fprintf(f, "Fl Fl %s", setting_flag(s));
	if (s->type->list)
		fputs(" ; No may be repeated", f);
	if (s->flags & S_WIDENS)
		fputs(" ; No widens", f);
	fputc('\n', f);
}

/* What a file has behind the "=". The quotes are the shell's, around the words of a flag. */
static void mdoc_value(FILE *f, const char *metavar)
{
	size_t len = strlen(metavar);
	bool quoted = len > 1 && metavar[0] == '\'' && metavar[len - 1] == '\'';
	mdoc_word(f, metavar + quoted, len - 2 * (size_t)quoted, true);
	fputc('\n', f);
}

void show_mdoc_settings(FILE *f)
{
	struct plan defaults;
	plan_init(&defaults, NULL);
	for (size_t k = 0; setting_sections[k]; k++) {
		fprintf(f, ".Ss [%s]\\&\n.Bl -tag -width Ds\n", setting_sections[k]);
		for (unsigned id = 0; id < SET_COUNT; id++) {
			const struct setting *s = &settings[id];
			if (!s->section || strcmp(s->section, setting_sections[k]) != 0)
				continue;
			fprintf(f, ".It Ic %s No = Ar ", s->key);
			mdoc_value(f, setting_metavar(s));
			mdoc_help(f, s);
			mdoc_choices(f, s);
			mdoc_default(f, s, &defaults);
			mdoc_notes(f, s);
		}
		fputs(".El\n", f);
	}
}

void show_mdoc_options(FILE *f)
{
	fputs(".Bl -tag -width Ds\n", f);
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		char value[64];
		if (s->section && id != SET_EXTENDS)
			continue;
		fputs(".It ", f);
		if (s->short_flag)
			fprintf(f, "Fl %c , ", s->short_flag);
		fprintf(f, "Fl Fl %s", setting_flag(s));
		flag_value(s, value, sizeof(value));
		if (*value)
			fprintf(f, " Ar %s", value);
		fputc('\n', f);
		mdoc_help(f, s);
	}
	fputs(".El\n", f);
}
