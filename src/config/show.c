/* SPDX-License-Identifier: MIT */
/* show.c - the plan as text: as a profile with the origin of each rule, or as JSON */
#include "config/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/origins.h"
#include "config/settings.h"

/* Of a list the value with number @i. */
static char *value_text(const struct plan *p, const struct setting *s, size_t i)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return arena_strdup(p->arena, "");
	const void *member = setting_member_const(s, p);
	if (s->type->list)
		s->type->print_item(f, &((const struct list *)member)->v[i]);
	else
		s->type->print(f, s, member);
	fclose(f);
	char *copy = arena_strdup(p->arena, text);
	free(text);
	return copy;
}

const char *setting_text(const struct plan *p, enum setting_id id)
{
	return value_text(p, &settings[id], 0);
}

static size_t value_count(const struct plan *p, const struct setting *s)
{
	if (!s->type->list)
		return 1;
	return ((const struct list *)setting_member_const(s, p))->n;
}

static const struct origin *value_origin(
	const struct plan *p, enum setting_id id, size_t i)
{
	const struct setting *s = &settings[id];
	if (!s->type->list)
		return &p->origin[id];
	return &((const struct list *)setting_member_const(s, p))->v[i].at;
}

/* Whether this value gives more than the default does; of a list, any value may. */
static bool widens(const struct plan *p, const struct setting *s)
{
	struct plan defaults;
	if (!(s->flags & S_WIDENS) || s->type->list)
		return s->flags & S_WIDENS;
	plan_init(&defaults, p->arena);
	return strcmp(value_text(p, s, 0), value_text(&defaults, s, 0)) != 0;
}

/* @origins: NULL where they are not asked for. */
static void show_line(FILE *f, const struct plan *p, enum setting_id id, size_t i,
	struct origins *origins)
{
	enum { COLUMN = 43 };
	const struct setting *s = &settings[id];
	const char *line = arena_printf(p->arena, "%s = %s", s->key, value_text(p, s, i));
	if (origins)
		origins_line(
			f, origins, line, COLUMN, value_origin(p, id, i), widens(p, s));
	else
		fprintf(f, "%s\n", line);
}

static bool shown(const struct plan *p, enum setting_id id, const char *section)
{
	const struct setting *s = &settings[id];
	return s->section && strcmp(s->section, section) == 0 &&
		!(s->flags & S_PROFILE) && p->origin[id].file;
}

static void show_setting(FILE *f, const struct plan *p, enum setting_id id, bool clear,
	struct origins *origins)
{
	if (clear)
		fprintf(f, "%s =\n", settings[id].key);
	for (size_t i = 0; i < value_count(p, &settings[id]); i++)
		show_line(f, p, id, i, origins);
}

void show_plan(FILE *f, const struct plan *p, bool origins)
{
	struct plan defaults;
	struct origins names = { .arena = p->arena };
	bool first = true;
	plan_init(&defaults, p->arena);
	for (size_t k = 0; setting_sections[k]; k++) {
		bool head = false;
		for (unsigned id = 0; id < SET_COUNT; id++) {
			const struct setting *s = &settings[id];
			/* what is printed would add to a list that is not empty at first */
			bool clear = s->type->list && value_count(&defaults, s) > 0;
			if (!shown(p, id, setting_sections[k]) ||
				(!clear && value_count(p, s) == 0))
				continue;
			if (!head)
				fprintf(f, "%s[%s]\n", first ? "" : "\n",
					setting_sections[k]);
			head = true;
			first = false;
			show_setting(f, p, id, clear, origins ? &names : NULL);
		}
	}
	origins_files(f, &names);
}

static void json_value(struct json *j, const struct plan *p, enum setting_id id, size_t i)
{
	const struct setting *s = &settings[id];
	const struct origin *at = value_origin(p, id, i);
	json_begin(j, NULL, '{');
	json_string(j, "section", s->section);
	json_string(j, "key", s->key);
	json_string(j, "value", value_text(p, s, i));
	json_string(j, "file", at->file);
	json_number(j, "line", at->line);
	json_bool(j, "widens", widens(p, s));
	json_end(j, '}');
}

void show_plan_json(FILE *f, const struct plan *p)
{
	struct json j = { .f = f };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_string(&j, "profile", p->profile_name);
	json_begin(&j, "settings", '[');
	for (size_t k = 0; setting_sections[k]; k++)
		for (unsigned id = 0; id < SET_COUNT; id++)
			for (size_t i = 0; shown(p, id, setting_sections[k]) &&
				i < value_count(p, &settings[id]);
				i++)
				json_value(&j, p, id, i);
	json_end(&j, ']');
	json_end(&j, '}');
}
