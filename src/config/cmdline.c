/* SPDX-License-Identifier: MIT */
/* cmdline.c - the words of the command line as settings, profiles and the program
 *
 * It knows no setting by name: flags are the table's keys.
 */
#include "config/cmdline.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "config/check.h"

struct words {
	struct arena *arena;
	char **v;
	unsigned index; /* of the word being read */
	struct diags *diags;
	struct cmdline *out;
};

static void add(struct words *w, enum setting_id id, const char *flag, const char *value)
{
	struct profile_entries *list =
		settings[id].flags & S_PROFILE ? &w->out->profiles : &w->out->entries;
	struct profile_entry *entry = ARENA_PUSH(w->arena, list);
	entry->id = id;
	entry->text = value;
	entry->at.file = arena_strdup(w->arena, flag);
	entry->at.column = w->index + 1;
}

/* The value of a flag: behind '=', or the next word, or "yes" for a switch. */
static void take_value(
	struct words *w, enum setting_id id, const char *flag, const char *attached)
{
	const struct setting *s = &settings[id];
	if (attached) {
		add(w, id, flag, attached);
	} else if (s->type->flag) {
		add(w, id, flag, "yes");
	} else if (w->v[w->index + 1] && strcmp(w->v[w->index + 1], "--") != 0) {
		const char *value = w->v[w->index + 1];
		add(w, id, flag, value);
		w->index++;
	} else {
		struct diag *d = diag_add(w->diags, NULL, "%s: a value is missing", flag);
		d->about = id;
		d->hint = arena_printf(w->arena, "write %s %s", flag, setting_metavar(s));
	}
}

/* Of a flag that there is not: the one that was meant. */
static void unknown_flag(struct words *w, const char *flag)
{
	struct diag *d = diag_add(w->diags, NULL, "unknown flag '%s'", flag);
	const char *name = flag + 2;
	const char *colon = strchr(name, ':');
	if (colon)
		name = arena_strndup(w->arena, name, (size_t)(colon - name));
	const char *near = setting_nearest(name, S_FILE);
	if (near)
		d->about = setting_find(near);
	if (setting_find(flag + 2) < SET_COUNT)
		d->hint = "that is for profile files only";
	else if (near && colon)
		d->hint = arena_printf(w->arena, "write --%s=%s", near,
			colon[1] ? colon + 1
				 : setting_metavar(&settings[setting_find(near)]));
	else if (near)
		d->hint = arena_printf(w->arena, "did you mean '--%s'?", near);
	else
		d->hint = "'sbox help' shows all flags; '--' goes before a program whose "
			  "name begins with '-'";
}

static void long_flag(struct words *w, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const char *flag = arena_strndup(w->arena, word, len);
	enum setting_id id = setting_find(flag + 2);
	if (id < SET_COUNT && !(settings[id].flags & S_FILE))
		take_value(w, id, flag, equals ? equals + 1 : NULL);
	else
		unknown_flag(w, flag);
}

/* Of "-network=user": a value behind a short flag never reads like a flag by chance. */
static bool lacks_dash(struct words *w, const char *word)
{
	const char *name = arena_strndup(w->arena, word + 1, strcspn(word + 1, "="));
	enum setting_id id = setting_find(name);
	if (!name[0] || !name[1] || id == SET_COUNT || settings[id].flags & S_FILE)
		return false;
	struct diag *d = diag_add(w->diags, NULL, "unknown flag '-%s'", name);
	d->about = id;
	d->hint = arena_printf(w->arena, "did you mean '--%s'?", name);
	return true;
}

static void short_flags(struct words *w, const char *word)
{
	if (lacks_dash(w, word))
		return;
	for (const char *p = word + 1; *p; p++) {
		enum setting_id id = setting_find_short(*p);
		char flag[] = { '-', *p, '\0' };
		if (id == SET_COUNT) {
			diag_add(w->diags, NULL, "unknown flag '-%c'", *p)->hint =
				"'sbox help' shows all flags";
			return;
		}
		if (settings[id].type->flag) {
			take_value(w, id, flag, NULL);
			continue;
		}
		take_value(w, id, flag, p[1] ? p + 1 + (p[1] == '=') : NULL);
		return;
	}
}

void cmdline_parse(struct arena *a, char **argv, struct diags *d, struct cmdline *ret)
{
	struct words w = { .arena = a, .v = argv, .diags = d, .out = ret };
	for (; argv[w.index]; w.index++) {
		const char *word = argv[w.index];
		if (strcmp(word, "--") == 0) {
			w.index++;
			break;
		}
		if (str_starts(word, "--"))
			long_flag(&w, word);
		else if (word[0] == '-' && word[1])
			short_flags(&w, word);
		else
			break;
	}
	ret->program = argv + w.index;
}

static bool has_setting(const struct cmdline *c, enum setting_id id)
{
	for (size_t i = 0; i < c->entries.n; i++)
		if (c->entries.v[i].id == id)
			return true;
	return false;
}

void cmdline_plan(struct plan *p, struct diags *d, const struct cmdline *c, bool pick)
{
	struct profile_dirs dirs;
	profile_dirs_init(&dirs, p->arena);

	for (size_t i = 0; i < c->profiles.n; i++)
		profile_load(p, d, &dirs, c->profiles.v[i].text, &c->profiles.v[i].at);
	if (c->profiles.n == 0 && pick) {
		const char *name = "default";
		if (c->program[0] && !has_setting(c, SET_SHELL_COMMAND))
			name = profile_for_command(p->arena, &dirs, c->program[0]);
		profile_load(p, d, &dirs, name, &(struct origin){ 0 });
	}

	unsigned layer = 1;
	for (size_t i = 0; i < p->extends.n; i++)
		if (p->extends.v[i].at.layer >= layer)
			layer = p->extends.v[i].at.layer + 1;
	for (size_t i = 0; i < c->entries.n; i++) {
		struct profile_entry entry = c->entries.v[i];
		entry.at.layer = layer;
		setting_apply(p, d, entry.id, entry.text, &entry.at);
	}
	p->argv = c->program;
	check_plan(p, d);
}
