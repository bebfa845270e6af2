/* SPDX-License-Identifier: MIT */
/* check.c - rules between settings: what contradicts, what needs what
 *
 * Each rule is a row: a predicate that is true where the plan is wrong, the settings that it
 * is about, what is wrong, and what to do.
 */
#include "config/check.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "config/net_rule.h"
#include "config/settings.h"

static bool root_is_dir(const struct plan *p)
{
	return strcmp(p->root, "host") != 0 && strcmp(p->root, "empty") != 0;
}

static bool root_write_without_dir(const struct plan *p)
{
	return p->root_write && !root_is_dir(p);
}

static bool offset_without_clock(const struct plan *p)
{
	return p->time == SHARING_HOST &&
		(p->monotonic_offset_ns || p->boottime_offset_ns);
}

static bool name_of_host(const struct plan *p)
{
	/* a profile's host name may stand unused under a flag that shares the host's */
	return p->uts == SHARING_HOST && p->origin[SET_HOSTNAME].file &&
		p->origin[SET_HOSTNAME].layer >= p->origin[SET_UTS].layer;
}

static bool drop_without_range(const struct plan *p)
{
	return p->groups == GROUPS_DROP && p->id_map == ID_MAP_SINGLE;
}

static bool rules_without_bus(const struct plan *p)
{
	/* a base layer's rules may stand unused; a flag's may not */
	const enum setting_id ids[] = { SET_DBUS_OWN, SET_DBUS_TALK, SET_DBUS_SEE,
		SET_DBUS_CALL };
	for (size_t i = 0; p->dbus == DBUS_NONE && i < ARRAY_SIZE(ids); i++) {
		const struct list *l = setting_member_const(&settings[ids[i]], p);
		if (l->n > 0 && l->v[l->n - 1].at.line == 0)
			return true;
	}
	return false;
}

/* A profile's rules may stand unused under a flag that chooses another network; rules that
 * come with or after that choice may not. */
static bool unused_in_network(const struct plan *p, const struct list *l)
{
	return p->network != NETWORK_USER && l->n > 0 &&
		l->v[l->n - 1].at.layer >= p->origin[SET_NETWORK].layer;
}

static bool allow_without_network(const struct plan *p)
{
	return unused_in_network(p, &p->network_allow);
}

static bool deny_without_network(const struct plan *p)
{
	return unused_in_network(p, &p->network_deny);
}

static bool publish_without_network(const struct plan *p)
{
	return unused_in_network(p, &p->publish);
}

static bool publishes_v6(const struct plan *p)
{
	const char *hint;
	struct net_publish port;
	for (size_t i = 0; p->network == NETWORK_USER && i < p->publish.n; i++)
		if (!net_publish_parse(p->publish.v[i].text, &port, &hint) && port.v6)
			return true;
	return false;
}

static bool publish_v6_by_slirp(const struct plan *p)
{
	return publishes_v6(p) && p->network_helper == NETWORK_SLIRP4NETNS;
}

static bool publish_v6_without_v6(const struct plan *p)
{
	return publishes_v6(p) && p->network_helper == NETWORK_PASTA && !p->network_ipv6;
}

static bool proc_of_others(const struct plan *p)
{
	return p->wait == WAIT_ALL && p->pid == SHARING_HOST;
}

static bool home_without_name(const struct plan *p)
{
	/* a profile's file may have any name; "...conf" would be the folder of all homes */
	return strcmp(p->home, "private") == 0 && p->profile_name &&
		!value_is_plain_name(p->profile_name);
}

/* The program could otherwise see its own group, and a group of its user's is writable. */
static bool limits_without_namespace(const struct plan *p)
{
	const int64_t limits[] = { p->memory, p->memory_high, p->swap, p->cpus, p->pids,
		p->cpu_weight, p->io_weight };
	bool any = p->cpuset || p->cpu_time_ns > 0 || p->io_max.n > 0 ||
		p->limits == LIMITS_GROUP;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		any = any || limits[i] != LIMIT_NONE;
	return any && !p->no_limits && p->cgroup == SHARING_HOST;
}

static bool label_without_proc(const struct plan *p)
{
	const char *const labels[] = { p->apparmor, p->selinux };
	for (size_t i = 0; !p->proc && i < ARRAY_SIZE(labels); i++)
		if (strcmp(labels[i], "auto") != 0 && strcmp(labels[i], "off") != 0)
			return true;
	return false;
}

static bool has_no_layer(const struct plan *p, const struct list *l)
{
	return strcmp(p->layer, "none") == 0 && l->n > 0;
}

static bool overlay_without_layer(const struct plan *p)
{
	return has_no_layer(p, &p->overlay);
}

static bool under_without_layer(const struct plan *p)
{
	return has_no_layer(p, &p->layer_under);
}

static bool layer_over_written(const struct plan *p)
{
	return strcmp(p->layer, "none") != 0 && p->root_write;
}

static bool shell_without_line(const struct plan *p)
{
	return p->shell_command && !*p->shell_command;
}

static bool wall_against_mounts(const struct plan *p)
{
	return p->nested == NESTED_FULL && p->landlock == LANDLOCK_REQUIRED;
}

static const struct rule {
	bool (*broken)(const struct plan *p);
	/* whose place is shown, and what else it is judged by; 0 ends */
	enum setting_id by[4];
	const char *msg, *hint;
} rules[] = {
	{ root_write_without_dir, { SET_ROOT_WRITE, SET_ROOT },
		"root-write is for a directory or an image as root; the host's system is never written",
		"name a directory with root, or single paths with write" },
	{ home_without_name, { SET_HOME },
		"a private home is kept under the profile's name, and this one's cannot be a "
		"folder's",
		"name the home: home = private:NAME" },
	{ offset_without_clock, { SET_TIME },
		"clock offsets need a time namespace of its own", "add time = private" },
	{ name_of_host, { SET_HOSTNAME, SET_UTS },
		"a host name cannot be set with uts = host", "leave one of the two out" },
	{ drop_without_range, { SET_GROUPS, SET_ID_MAP },
		"groups can be dropped only with a range of ids, not with id-map = single",
		"id-map = range, or groups = keep" },
	{ rules_without_bus, { SET_DBUS }, "dbus- rules without a bus",
		"add dbus = filtered" },
	{ allow_without_network, { SET_NETWORK_ALLOW, SET_NETWORK },
		"rules for destinations need a network that they can hold in",
		"add network = user" },
	{ deny_without_network, { SET_NETWORK_DENY, SET_NETWORK },
		"rules for destinations need a network that they can hold in",
		"add network = user" },
	{ publish_without_network, { SET_PUBLISH, SET_NETWORK },
		"ports are published out of a network of the sandbox's own",
		"add network = user" },
	{ publish_v6_by_slirp, { SET_PUBLISH, SET_NETWORK_HELPER },
		"slirp4netns publishes on addresses of IPv4 alone",
		"add network-helper = pasta and network-ipv6 = yes" },
	{ publish_v6_without_v6, { SET_PUBLISH, SET_NETWORK_HELPER, SET_NETWORK_IPV6 },
		"a port of an IPv6 address leads nowhere without IPv6 inside",
		"add network-ipv6 = yes" },
	{ proc_of_others, { SET_WAIT, SET_PID }, "wait = all needs pid = private", NULL },
	{ limits_without_namespace, { SET_CGROUP, SET_NO_LIMITS },
		"limits of all processes need cgroup = private",
		"leave cgroup = host out, or add --no-limits" },
	{ overlay_without_layer, { SET_OVERLAY, SET_LAYER },
		"nothing says where the writes go",
		"add layer = ephemeral, or layer = NAME" },
	{ under_without_layer, { SET_LAYER_UNDER, SET_LAYER },
		"there is no layer to be above it",
		"add layer = ephemeral, or layer = NAME" },
	{ layer_over_written, { SET_ROOT_WRITE, SET_LAYER },
		"writes go either to the root itself or to a layer",
		"leave root-write or layer out" },
	{ shell_without_line, { SET_SHELL_COMMAND }, "an empty line of shell", NULL },
	{ label_without_proc, { SET_PROC },
		"an AppArmor profile or SELinux context is put on through /proc",
		"leave proc = no out" },
	{ wall_against_mounts, { SET_LANDLOCK, SET_NESTED },
		"nested = full lets the program mount, which Landlock forbids",
		"landlock = auto leaves it out for such a program" },
};

static_assert(SET_DESCRIPTION == 0, "no rule is judged by it");

/* Rules that stand on a value which could not be read would be told of what nobody wrote. */
static bool can_be_judged(const struct rule *rule, const struct diags *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->by) && rule->by[i]; i++)
		if (diag_is_about(d, rule->by[i]))
			return false;
	return true;
}

/* With these, packet rules and read-only mounts would hold no longer; by sys_boot the
 * servers of layers differ from all programs (overlay_server.c). */
static void check_capabilities(const struct plan *p, struct diags *d)
{
	static const char *const refused[] = { "sys_admin", "net_admin", "net_raw",
		"sys_ptrace", "sys_module", "sys_rawio", "sys_boot", "bpf", "perfmon",
		"checkpoint_restore" };
	for (size_t i = 0; i < p->capabilities.n; i++) {
		const struct item *item = &p->capabilities.v[i];
		for (size_t k = 0; k < ARRAY_SIZE(refused); k++)
			if (strcmp(item->text, refused[k]) == 0)
				diag_add(d, &item->at,
					"the capability '%s' is one over the mounts, the "
					"network or other processes",
					item->text)
					->hint =
					"the sandbox's own rules would hold no "
					"longer; a program that needs one can make "
					"a user namespace of its own inside";
	}
}

void check_plan(const struct plan *p, struct diags *d)
{
	check_capabilities(p, d);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].broken(p) && can_be_judged(&rules[i], d))
			diag_add(d, &p->origin[rules[i].by[0]], "%s", rules[i].msg)
				->hint = rules[i].hint;
}
