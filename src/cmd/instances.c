/* SPDX-License-Identifier: MIT */
/* instances.c - what the verbs on running instances share */
#include "cmd/instances.h"

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
}

int instances_each(struct arena *a, const struct ids *ids,
	int (*what)(struct handle *h, void *data, struct err *e), void *data,
	struct err *e)
{
	struct registry registry;
	int r = registry_open(&registry, a, e), result = 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < ids->n; i++) {
		struct handle h;
		r = registry_hold(&registry, a, ids->v[i], &h, e);
		if (r == 0) {
			r = what(&h, data, e);
			handle_release(&h);
		}
		if (r < 0) {
			log_err(e);
			result = EXIT_SBOX;
		}
	}
	registry_close(&registry);
	return result;
}
