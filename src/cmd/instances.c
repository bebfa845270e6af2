/* SPDX-License-Identifier: MIT */
/* instances.c - what the verbs on running instances share */
#include "cmd/instances.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

uint64_t instance_age(const struct instance_state *s)
{
	int64_t age = (int64_t)time(NULL) - s->started;
	return age > 0 ? (uint64_t)age : 0; /* the clock may have been set back */
}

static void pid_json(struct json *j, const char *key, pid_t pid)
{
	if (pid > 0)
		json_number(j, key, pid);
	else
		json_string(j, key, NULL);
}

void instance_json(struct json *j, const struct instance_info *info)
{
	const struct instance_state *s = &info->state;
	json_string(j, "id", s->id);
	json_string(j, "name", s->name);
	json_string(j, "profile", s->profile);
	json_string(j, "command", s->command);
	pid_json(j, "pid", info->pid);
	/* a number of another pid namespace is nobody here */
	pid_json(j, "init_pid", info->pid == s->pid ? s->init : 0);
	json_number(j, "started", s->started);
	json_string(j, "group", s->group);
	json_string(j, "limits", held_words[s->limits]);
	json_string(j, "image", s->image);
	json_string(j, "layers", s->layers);
}

static void hold(struct arena *a, const char *id, bool asked, struct handles *ret)
{
	struct handle h;
	struct err e;
	if (registry_hold(&ret->registry, a, id, &h, &e) == 0) {
		*ARENA_PUSH(a, ret) = h;
	} else if (asked) {
		log_err(&e);
		ret->failed = true;
	}
}

int instances_hold(struct arena *a, char *const *ids, struct handles *ret, struct err *e)
{
	struct instances all = { 0 };
	*ret = (struct handles){ 0 };
	int r = registry_open(&ret->registry, a, e);
	if (r < 0)
		return r;
	for (char *const *id = ids; id && *id; id++)
		hold(a, *id, true, ret);
	if (!ids || !*ids)
		registry_list(&ret->registry, a, &all);
	for (size_t i = 0; i < all.n; i++)
		hold(a, all.v[i].state.id, false, ret);
	return 0;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = words; p && *p; p += strcspn(p, " "), p += *p == ' ')
		if (strcspn(p, " ") == len && strncmp(p, word, len) == 0)
			return true;
	return false;
}

const char *instances_using(struct arena *a, const char *image, const char *layer)
{
	struct registry registry;
	struct instances all;
	struct err ignored;
	const char *text = NULL;
	if (registry_open(&registry, a, &ignored) < 0)
		return NULL;
	registry_list(&registry, a, &all);
	for (size_t i = 0; i < all.n; i++) {
		const struct instance_state *s = &all.v[i].state;
		if ((image && has_word(s->image, image)) ||
			(layer && has_word(s->layers, layer)))
			text = arena_printf(
				a, "%s%s%s", text ? text : "", text ? " " : "", s->id);
	}
	registry_close(&registry);
	return text;
}

void instances_each(struct handles *all,
	int (*what)(struct handle *h, void *data, struct err *e), void *data)
{
	size_t kept = 0;
	for (size_t i = 0; i < all->n; i++) {
		struct err e;
		if (what(&all->v[i], data, &e) == 0) {
			all->v[kept++] = all->v[i];
			continue;
		}
		log_err(&e);
		all->failed = true;
		handle_release(&all->v[i]);
	}
	all->n = kept;
}

int instances_release(struct handles *all)
{
	for (size_t i = 0; i < all->n; i++)
		handle_release(&all->v[i]);
	registry_close(&all->registry);
	return all->failed ? EXIT_SBOX : 0;
}
