/* SPDX-License-Identifier: MIT */
/* plan.c - the plan's defaults, and how an origin is told */
#include "config/plan.h"

/* What Debian's desktop and command-line programs run on. Keys of the caller's session and
 * io_uring, a second way around most filters, are left out. */
static const char *const syscalls_allow[] = { "@system-service", "@sandbox", "@pkey",
	"mincore", "cachestat", "map_shadow_stack", "futex_wait", "futex_wake",
	"futex_requeue", NULL };
static const char *const syscalls_deny[] = { "@keyring", "io_uring_setup:ENOSYS",
	"io_uring_enter:ENOSYS", "io_uring_register:ENOSYS", "userfaultfd", NULL };

static void add_words(struct arena *a, struct list *l, const char *const *words)
{
	for (; a && *words; words++)
		ARENA_PUSH(a, l)->text = *words;
}

void plan_init(struct plan *p, struct arena *a)
{
	*p = (struct plan){
		.arena = a,
		.root = "host",
		.home = "ephemeral",
		.layer = "none",
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
		.syscalls_default = SYSCALLS_ERRNO,
		.landlock = LANDLOCK_AUTO,
		.apparmor = "auto",
		.selinux = "auto",
		.memory = LIMIT_NONE,
		.memory_high = LIMIT_NONE,
		.swap = LIMIT_NONE,
		.cpus = LIMIT_NONE,
		.cpu_weight = LIMIT_NONE,
		.io_weight = LIMIT_NONE,
		.pids = LIMIT_NONE,
		.nofile = LIMIT_NONE,
		.fsize = LIMIT_NONE,
		.core = LIMIT_NONE,
		.stack = LIMIT_NONE,
		.memlock = LIMIT_NONE,
		.address_space = LIMIT_NONE,
		.nice = LIMIT_NONE,
		.oom_score = LIMIT_NONE,
		.json_status_fd = -1,
		.wx_memory = true,
	};
	add_words(a, &p->syscalls_allow, syscalls_allow);
	add_words(a, &p->syscalls_deny, syscalls_deny);
}

const char *origin_text(struct arena *a, const struct origin *at)
{
	if (!at->file)
		return "default";
	if (!at->line)
		return at->file;
	return arena_printf(a, "%s:%u", at->file, at->line);
}
