/* SPDX-License-Identifier: MIT */
/* steps.c - what a start would do, in order, as text: --dry-run */
#include "resolve/steps.h"

#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "config/origins.h"
#include "config/settings.h"
#include "resolve/overlay.h"

/* One step: what, and the setting that asked for it. */
struct step_line {
	const char *text;
	const struct origin *at; /* NULL: always done */
	bool widens;
};

struct steps {
	struct arena *arena;
	struct step_line *v;
	size_t n;
};

static void add(struct steps *s, const struct origin *at, bool widens, const char *fmt,
	...) _printf_(4, 5);

static void add(
	struct steps *s, const struct origin *at, bool widens, const char *fmt, ...)
{
	char text[1024], safe[3 * sizeof(text)];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_escape_controls(safe, sizeof(safe), text);
	struct step_line *line = ARENA_PUSH(s->arena, s);
	line->text = arena_strdup(s->arena, safe);
	line->at = at;
	line->widens = widens;
}

/* The setting itself, for what it brings along. */
static const struct origin *by_setting(const struct steps *s, enum setting_id id)
{
	struct origin *at = arena_alloc(s->arena, sizeof(*at));
	*at = (struct origin){ .file = settings[id].key };
	return at;
}

static void namespaces(struct steps *s, const struct ready *rd)
{
	static const struct {
		uint64_t flag;
		const char *name;
		enum setting_id id;
	} all[] = {
		{ CLONE_NEWPID, "pid", SET_PID },
		{ CLONE_NEWNET, "network", SET_NETWORK },
		{ CLONE_NEWIPC, "ipc", SET_IPC },
		{ CLONE_NEWUTS, "uts", SET_UTS },
		{ CLONE_NEWCGROUP, "cgroup", SET_CGROUP },
	};
	char own[128] = "user, mount";
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t used = strlen(own);
		if (rd->namespaces & all[i].flag)
			(void)snprintf(
				own + used, sizeof(own) - used, ", %s", all[i].name);
		else
			add(s, &rd->plan->origin[all[i].id], true,
				"share the host's %s namespace", all[i].name);
	}
	add(s, NULL, false, "new namespaces: %s%s", own,
		rd->plan->time == SHARING_PRIVATE ? ", time" : "");
}

static void id_table(
	struct steps *s, const char *kind, const struct id_table *t, bool range)
{
	for (size_t i = 0; i < t->n; i++)
		add(s, range ? by_setting(s, SET_ID_MAP) : NULL, false,
			"map %s %u to the host's %u (%u of them)%s", kind, t->v[i].inside,
			t->v[i].outside, t->v[i].count,
			range && i == 0 ? ", through newuidmap and newgidmap" : "");
}

static void layer(struct steps *s, const struct origin *at, const struct overlay *o,
	const char *dest)
{
	add(s, at, false, "put a layer over %s, by %s%s", dest,
		o->engine == ENGINE_KERNEL ? "the kernel" : "fuse-overlayfs",
		o->squash && o->engine == ENGINE_FUSE ? ", all as the program's own"
						      : "");
}

static void mounts(struct steps *s, const struct ready *rd)
{
	const struct plan *p = rd->plan;
	if (overlay_wanted(p))
		add(s, &p->origin[SET_LAYER], false, "%s%s",
			overlay_is_kept(p) ? "open the layer "
					   : "keep what is written in memory",
			overlay_is_kept(p) ? p->layer : "");
	if (rd->root.overlay)
		layer(s, &p->origin[SET_LAYER], rd->root.overlay, "/");
	for (size_t i = 0; i < rd->ops.n; i++) {
		const struct mount_op *op = &rd->ops.v[i];
		const char *mode = op->kind != OP_BIND ? ""
			: op->write		       ? "writable "
						       : "read-only ";
		const struct origin *at =
			op->at.file || op->layer ? &op->at : by_setting(s, op->id);
		bool widens = op->kind == OP_BIND && (settings[op->id].flags & S_WIDENS);
		switch (op->kind) {
		case OP_BIND:
			if (op->link)
				add(s, at, false, "keep the link %s", op->dest);
			else if (op->overlay)
				layer(s, at, op->overlay, op->dest);
			else if (strcmp(op->source, op->dest) == 0)
				add(s, at, widens, "show %s%s%s", mode, op->dest,
					op->device ? " with devices" : "");
			else
				add(s, at, widens, "show %s%s as %s", mode, op->source,
					op->dest);
			break;
		case OP_TMPFS:
			add(s, at, false, "mount a tmpfs on %s", op->dest);
			break;
		case OP_PROC:
			add(s, at, false, "mount a fresh proc on %s", op->dest);
			break;
		case OP_DEVPTS:
			add(s, at, false, "mount terminals on %s", op->dest);
			break;
		case OP_DIR:
			add(s, at, false, "make the directory %s", op->dest);
			break;
		case OP_FILE:
			add(s, at, false, "make the file %s", op->dest);
			break;
		case OP_LINK:
			add(s, at, false, "link %s to %s", op->dest, op->source);
			break;
		case OP_HIDE:
			add(s, at, false, "hide %s", op->dest);
			break;
		case OP_SECRET:
		case OP_PROTECT:
		case OP_KIND_COUNT:
			break;
		}
	}
}

/* What each ABI of Landlock added, for the plan to say what this kernel leaves out. */
static void landlock(struct steps *s, const struct plan *p)
{
	static const struct {
		int abi;
		const char *what;
	} parts[] = {
		{ 2, "moving files between directories" },
		{ 3, "truncating files" },
		{ 5, "commands to devices" },
		{ 6, "abstract sockets and signals of others" },
	};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* version */);
	const struct origin *at = &p->origin[SET_LANDLOCK];
	if (abi < 0) {
		add(s, at, false, "no Landlock: this kernel has none");
		return;
	}
	add(s, at, false, "put on Landlock rules, ABI %ld", abi);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (abi < parts[i].abi)
			add(s, at, false, "not judged by this kernel's Landlock: %s",
				parts[i].what);
}

static void limits(struct steps *s, const struct ready *rd)
{
	const struct plan *p = rd->plan;
	const struct limits *l = &rd->limits;
	if (l->dropped)
		add(s, &p->origin[SET_LIMITS], true, "hold no limits: %s", l->dropped);
	if (l->way == GROUP_SCOPE)
		add(s, &p->origin[SET_LIMITS], false, "ask systemd for the scope %s",
			l->unit);
	if (l->way == GROUP_OWN)
		add(s, &p->origin[SET_LIMITS], false, "divide the control group %s",
			l->group);
	for (size_t i = 0; l->way != GROUP_NONE && i < l->writes.n; i++)
		add(s, &p->origin[l->writes.v[i].id], false, "limit the group: %s = %s",
			l->writes.v[i].file, l->writes.v[i].value);
}

static void label(struct steps *s, const struct ready *rd)
{
	const struct plan *p = rd->plan;
	const struct origin *at = &p->origin[SET_APPARMOR];
	if (rd->label.apparmor)
		add(s, at, false, "put on the AppArmor profile %s", rd->label.apparmor);
	else
		add(s, at, strcmp(p->apparmor, "off") == 0, "no AppArmor profile: %s",
			rd->label.why_not);
	if (rd->label.selinux)
		add(s, &p->origin[SET_SELINUX], false, "put on the SELinux context %s",
			rd->label.selinux);
}

static void network(struct steps *s, const struct ready *rd)
{
	const struct network_spec *spec = rd->network;
	const struct plan *p = rd->plan;
	if (!spec)
		return;
	add(s, &p->origin[SET_NETWORK], true, "connect the network through %s",
		spec->helper);
	if (spec->filter->any)
		add(s, NULL, false, "load %zu rule%s for destinations through nft",
			spec->filter->rules.n, spec->filter->rules.n == 1 ? "" : "s");
	if (spec->resolver_path)
		add(s, NULL, false, "start sbox-resolver for the names in rules");
	for (size_t i = 0; i < p->publish.n; i++)
		add(s, &p->publish.v[i].at, true, "publish the port %s",
			p->publish.v[i].text);
}

static void program(struct steps *s, const struct ready *rd)
{
	const struct plan *p = rd->plan;
	char line[512] = "";
	if (rd->dbus)
		add(s, by_setting(s, SET_DBUS), true, "start %s", rd->dbus->name);
	else if (p->dbus == DBUS_FILTERED)
		add(s, by_setting(s, SET_DBUS), true,
			"filter the session bus, if there is one");
	if (rd->sound)
		add(s, by_setting(s, SET_SOUND), true, "start %s", rd->sound->name);
	else if (p->sound != SOUND_NO)
		add(s, by_setting(s, SET_SOUND), true,
			"filter the sound server, if there is one");
	if (rd->capabilities)
		add(s, &p->origin[SET_CAPABILITIES], true, "keep capabilities");
	else
		add(s, NULL, false, "empty all capability sets");
	add(s, NULL, false, "set no_new_privs");
	if (p->nested == NESTED_FULL)
		add(s, &p->origin[SET_NESTED], true,
			"no Landlock: the program may mount");
	else if (p->landlock == LANDLOCK_OFF)
		add(s, &p->origin[SET_LANDLOCK], true, "no Landlock");
	else
		landlock(s, p);
	label(s, rd);
	add(s, NULL, false, "put on the system-call filter, %zu instructions%s",
		rd->filter.count, rd->filter.cached ? " from the cache" : "");
	for (char **v = rd->envp; *v; v++)
		add(s, NULL, false, "set the variable %s", *v);
	if (p->timeout_ns)
		add(s, &p->origin[SET_TIMEOUT], false, "end it after %lld ms",
			(long long)(p->timeout_ns / 1000000));
	for (char *const *v = rd->argv; *v; v++) {
		size_t used = strlen(line);
		(void)snprintf(line + used, sizeof(line) - used, " %s", *v);
	}
	add(s, NULL, false, "execute%s", line);
}

static struct steps all_steps(const struct ready *rd)
{
	struct steps s = { .arena = rd->plan->arena };
	namespaces(&s, rd);
	id_table(&s, "uid", &rd->uids, rd->map_range);
	id_table(&s, "gid", &rd->gids, rd->map_range);
	if (rd->drop_groups)
		add(&s, &rd->plan->origin[SET_GROUPS], false,
			"drop the supplementary groups");
	if (rd->namespaces & CLONE_NEWUTS)
		add(&s, &rd->plan->origin[SET_HOSTNAME], false, "set the host name %s",
			rd->plan->hostname);
	add(&s, &rd->plan->origin[SET_ROOT], false, "make the root: %s",
		rd->root.source ? rd->root.source : "a tmpfs");
	mounts(&s, rd);
	add(&s, NULL, false, "enter the new root and let go of the old one");
	limits(&s, rd);
	network(&s, rd);
	program(&s, rd);
	return s;
}

void steps_print(FILE *f, const struct ready *rd)
{
	enum { COLUMN = 53 };
	struct steps s = all_steps(rd);
	struct origins names = { .arena = s.arena };
	for (size_t i = 0; i < s.n; i++) {
		const struct step_line *line = &s.v[i];
		if (line->at)
			origins_line(
				f, &names, line->text, COLUMN, line->at, line->widens);
		else
			fprintf(f, "%s\n", line->text);
	}
	origins_files(f, &names);
}

void steps_print_json(FILE *f, const struct ready *rd)
{
	struct steps s = all_steps(rd);
	struct json j = { .f = f };
	json_begin(&j, NULL, '{');
	json_number(&j, "version", 1);
	json_begin(&j, "steps", '[');
	for (size_t i = 0; i < s.n; i++) {
		json_begin(&j, NULL, '{');
		json_string(&j, "step", s.v[i].text);
		const struct origin *at = s.v[i].at;
		json_string(&j, "origin", at ? origin_text(s.arena, at) : NULL);
		json_bool(&j, "widens", s.v[i].widens);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
}
