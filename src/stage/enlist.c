/* SPDX-License-Identifier: MIT */
/* enlist.c - putting the run on the list that "sbox ps" reads, once its program runs
 *
 * By then the program is at its own work, so that nobody waits for it.
 */
#include "stage/enlist.h"

#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "resolve/overlay.h"

/* The names of the layers that it has locked. */
static const char *layers_of(const struct ready *rd)
{
	const struct list *under = &rd->plan->layer_under;
	const char *text = overlay_is_kept(rd->plan) ? rd->plan->layer : "";
	for (size_t i = 0; i < under->n; i++)
		text = arena_printf(rd->plan->arena, "%s%s%s", text, *text ? " " : "",
			under->v[i].text);
	return text;
}

void enlist(const struct ready *rd, pid_t init, const struct group *group)
{
	char command[COMMAND_MAX], profile[COMMAND_MAX];
	struct err e;
	state_command(command, rd->argv);
	str_escape_controls(profile, sizeof(profile),
		rd->plan->profile_name ? rd->plan->profile_name : "");
	struct instance_state state = {
		.profile = profile,
		.command = command,
		.init = init,
		.started = time(NULL),
		.group = group_path(group),
		.limits = group_held(group),
		.image = rd->image ? rd->plan->root : NULL,
		.layers = layers_of(rd),
	};
	if (instance_publish(rd->instance, &state, &e) < 0)
		log_info("'sbox ps' will not list this one: %s", e.msg);
}
