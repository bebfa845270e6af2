/* SPDX-License-Identifier: MIT */
/* plan.c - the plan's defaults, and how an origin is told */
#include "config/plan.h"

void plan_init(struct plan *p, struct arena *a)
{
	*p = (struct plan){
		.arena = a,
		.root = "host",
		.home = "ephemeral",
		.cwd = ACCESS_NONE,
		.proc = true,
		.dev = true,
		.identity = IDENTITY_SELF,
		.id_map = ID_MAP_AUTO,
		.groups = GROUPS_AUTO,
		.hostname = "sbox",
		.machine_id = "random",
		.time = SHARING_HOST,
		.network = NETWORK_NONE,
		.dbus = DBUS_NONE,
		.json_status_fd = -1,
	};
}

const char *origin_text(struct arena *a, const struct origin *at)
{
	if (!at->file)
		return "default";
	if (!at->line)
		return at->file;
	return arena_printf(a, "%s:%u", at->file, at->line);
}
