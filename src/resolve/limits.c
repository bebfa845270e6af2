/* SPDX-License-Identifier: MIT */
/* limits.c - the plan's limits as what is to be written where, and which group can hold them
 *
 * Limits of the whole tree need a control group that the caller may write (cgroups(7),
 * unified hierarchy only: a delegated group of the older ones can be left by whoever is in
 * it). systemd's user manager gives one on demand. In a container, or in a scope that was
 * delegated already, the caller's own may do.
 */
#include "resolve/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "config/settings.h"
#include "resolve/expand.h"
#include "resolve/group.h"
#include "resolve/ready.h"

const char *const controller_names[CONTROLLER_COUNT] = {
	[CONTROLLER_NONE] = "",
	[CONTROLLER_MEMORY] = "memory",
	[CONTROLLER_CPU] = "cpu",
	[CONTROLLER_PIDS] = "pids",
	[CONTROLLER_IO] = "io",
	[CONTROLLER_CPUSET] = "cpuset",
};

/* ---- what the machine has ---- */

static int64_t machine_memory(void)
{
	struct sysinfo info;
	return sysinfo(&info) < 0 ? 0 : (int64_t)(info.totalram * info.mem_unit);
}

static int64_t machine_swap(void)
{
	struct sysinfo info;
	return sysinfo(&info) < 0 ? 0 : (int64_t)(info.totalswap * info.mem_unit);
}

static int64_t machine_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? n * 1000 : 1000; /* thousandths */
}

static int64_t number_in(const char *path, int64_t otherwise)
{
	char text[32];
	uint64_t n;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	text[size < 0 ? 0 : size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return num_u64(text, 0, INT64_MAX, &n) == 0 ? (int64_t)n : otherwise;
}

static int64_t machine_pids(void)
{
	int64_t pids = number_in("/proc/sys/kernel/pid_max", 32768);
	int64_t threads = number_in("/proc/sys/kernel/threads-max", 32768);
	return pids < threads ? pids : threads;
}

/* The limit as a number; what is less than @least of a share would be no share at all. */
static int64_t amount(int64_t limit, int64_t (*machine)(void), int64_t least)
{
	if (!limit_is_share(limit))
		return limit;
	/* hundredths of a percent of at most 2^50: no overflow */
	int64_t n = machine() / 10000 * limit_share(limit) +
		machine() % 10000 * limit_share(limit) / 10000;
	return n < least ? least : n;
}

/* ---- writes ---- */

struct collector {
	const struct plan *p;
	struct arena *a;
	struct diags *d;
	struct group_writes *out;
};

static struct group_write *push(struct collector *c, enum setting_id id,
	enum controller controller, const char *file, const char *value)
{
	struct group_write *w = ARENA_PUSH(c->a, c->out);
	*w = (struct group_write){
		.id = id, .controller = controller, .file = file, .value = value
	};
	return w;
}

static void push_number(struct collector *c, enum setting_id id,
	enum controller controller, const char *file, int64_t n)
{
	if (n != LIMIT_NONE)
		push(c, id, controller, file, arena_printf(c->a, "%" PRId64, n));
}

static void push_weight(struct collector *c, enum setting_id id,
	enum controller controller, const char *file, const char *property, int64_t n)
{
	if (n != LIMIT_NONE)
		push(c, id, controller, file, arena_printf(c->a, "%" PRId64, n))
			->property = property;
}

static void push_memory(struct collector *c)
{
	enum { PAGE = 4096 };
	const struct plan *p = c->p;
	int64_t memory = amount(p->memory, machine_memory, PAGE);
	int64_t high = amount(p->memory_high, machine_memory, PAGE);
	int64_t swap = amount(p->swap, machine_swap, 0);

	/* without this the limit would be one of memory alone, with all of the disk behind it */
	if (p->memory != LIMIT_NONE && !p->origin[SET_SWAP].file)
		push(c, SET_SWAP, CONTROLLER_MEMORY, "memory.swap.max", "0")->optional =
			true;
	push_number(c, SET_SWAP, CONTROLLER_MEMORY, "memory.swap.max", swap);
	push_number(c, SET_MEMORY_HIGH, CONTROLLER_MEMORY, "memory.high", high);
	push_number(c, SET_MEMORY, CONTROLLER_MEMORY, "memory.max", memory);
	if (p->memory != LIMIT_NONE && p->oom_kill == OOM_KILL_ALL)
		push(c, SET_OOM_KILL, CONTROLLER_MEMORY, "memory.oom.group", "1");
}

static void push_cpus(struct collector *c)
{
	enum { PERIOD_US = 100000 }; /* the kernel's own default */
	const struct plan *p = c->p;
	int64_t cpus = amount(p->cpus, machine_cpus, 10);
	if (cpus != LIMIT_NONE)
		push(c, SET_CPUS, CONTROLLER_CPU, "cpu.max",
			arena_printf(c->a, "%" PRId64 " %d", cpus * (PERIOD_US / 1000),
				PERIOD_US));
	push_weight(c, SET_CPU_WEIGHT, CONTROLLER_CPU, "cpu.weight", "CPUWeight",
		p->cpu_weight);
	if (p->cpuset)
		push(c, SET_CPUSET, CONTROLLER_CPUSET, "cpuset.cpus", p->cpuset);
}

/* The disk that has @path on it: a partition has its disk's limits. 0: none is known. */
static dev_t disk_of(const char *path)
{
	struct stat st;
	char link[64], text[32];
	unsigned major_id, minor_id;
	if (stat(path, &st) < 0)
		return 0;
	dev_t dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u/partition", major(dev),
		minor(dev));
	if (access(link, F_OK) < 0)
		return major(dev) ? dev : 0;
	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u/../dev", major(dev),
		minor(dev));
	_cleanup_fd_ int fd = open(link, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return sscanf(text, "%u:%u", &major_id, &minor_id) == 2
		? makedev(major_id, minor_id)
		: 0;
}

/* "wbps=max riops=max" limits nothing. */
static bool is_lifting(const char *limits)
{
	for (const char *p = limits; (p = strchr(p, '=')); p++)
		if (!str_starts(p, "=max"))
			return false;
	return true;
}

static void push_io(struct collector *c, struct host *h)
{
	const struct plan *p = c->p;
	push_weight(
		c, SET_IO_WEIGHT, CONTROLLER_IO, "io.weight", "IOWeight", p->io_weight);
	for (size_t i = 0; i < p->io_max.n; i++) {
		const struct item *item = &p->io_max.v[i];
		const char *path =
			expand_path(c->a, h, c->d, item->text, false, &item->at);
		dev_t disk = path ? disk_of(path) : 0;
		if (!path)
			continue;
		if (disk == 0)
			diag_add(c->d, &item->at, "io-max: '%s' is on no disk", path)
				->hint =
				"name the block device, or something on its file system";
		else
			push(c, SET_IO_MAX, CONTROLLER_IO, "io.max",
				arena_printf(c->a, "%u:%u %s", major(disk), minor(disk),
					item->arg))
				->lifts = is_lifting(item->arg);
	}
}

void limits_writes(
	const struct plan *p, struct host *h, struct diags *d, struct group_writes *ret)
{
	struct collector c = { .p = p, .a = p->arena, .d = d, .out = ret };
	*ret = (struct group_writes){ 0 };
	push_memory(&c);
	push_cpus(&c);
	push_number(&c, SET_PIDS, CONTROLLER_PIDS, "pids.max",
		amount(p->pids, machine_pids, 1));
	push_io(&c, h);
}

int64_t limits_memory(const struct limits *l)
{
	for (size_t i = 0; l->way != GROUP_NONE && i < l->writes.n; i++)
		if (strcmp(l->writes.v[i].file, "memory.max") == 0)
			return strtoll(l->writes.v[i].value, NULL, 10);
	return -1;
}

/* ---- changes ---- */

/* What a group's file says where there is no such limit; NULL: it depends. */
static const struct group_write unlimited[] = {
	{ SET_MEMORY, CONTROLLER_MEMORY, "memory.max", "max", .lifts = true },
	{ SET_MEMORY_HIGH, CONTROLLER_MEMORY, "memory.high", "max", .lifts = true },
	{ SET_SWAP, CONTROLLER_MEMORY, "memory.swap.max", "max", .lifts = true },
	{ SET_OOM_KILL, CONTROLLER_MEMORY, "memory.oom.group", "0", .lifts = false },
	{ SET_CPUS, CONTROLLER_CPU, "cpu.max", "max", .lifts = true },
	{ SET_CPU_WEIGHT, CONTROLLER_CPU, "cpu.weight", "100", .property = "CPUWeight" },
	{ SET_CPUSET, CONTROLLER_CPUSET, "cpuset.cpus", NULL, .lifts = true },
	{ SET_PIDS, CONTROLLER_PIDS, "pids.max", "max", .lifts = true },
	{ SET_IO_WEIGHT, CONTROLLER_IO, "io.weight", "100", .property = "IOWeight" },
	{ SET_IO_MAX, CONTROLLER_IO, "io.max", NULL, .lifts = true },
};

/* A group that has processes in it must name some (ENOSPC), but may name ones that it is not
 * given, or that are not there yet: these are all that there can be. */
static const char *possible_cpus(struct arena *a)
{
	char text[256];
	_cleanup_fd_ int fd =
		open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return arena_printf(a, "0-%ld", sysconf(_SC_NPROCESSORS_CONF) - 1);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return arena_strdup(a, text);
}

static bool is_among(enum setting_id id, const enum setting_id *which, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (which[i] == id)
			return true;
	return false;
}

/* Whether it gives @id its value; what comes along with memory may be there or not. */
static bool has_write(const struct group_writes *writes, enum setting_id id)
{
	for (size_t i = 0; i < writes->n; i++)
		if (writes->v[i].id == id && !writes->v[i].optional)
			return true;
	return false;
}

static void push_unlimited(struct collector *c, enum setting_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(unlimited); i++)
		if (unlimited[i].id == id) {
			struct group_write *w = ARENA_PUSH(c->a, c->out);
			*w = unlimited[i];
			/* not only where there is a limit of memory, too */
			if (id == SET_OOM_KILL && c->p->oom_kill == OOM_KILL_ALL)
				w->value = "1";
			if (id == SET_CPUSET)
				w->value = possible_cpus(c->a);
			return;
		}
	diag_add(c->d, NULL, "%s: it cannot be changed while the program runs",
		settings[id].key)
		->hint =
		"memory, memory-high, swap, oom-kill, cpus, cpu-weight, cpuset, pids, "
		"io-weight and io-max can";
}

void limits_changes(const struct plan *p, const enum setting_id *which, size_t n_which,
	struct host *h, struct diags *d, struct group_writes *ret)
{
	struct collector c = { .p = p, .a = p->arena, .d = d, .out = ret };
	struct group_writes all;
	limits_writes(p, h, d, &all);
	*ret = (struct group_writes){ 0 };
	for (size_t i = 0; i < all.n; i++) {
		const struct group_write *w = &all.v[i];
		bool asked = is_among(w->id, which, n_which);
		if (w->optional ? !asked : asked)
			*ARENA_PUSH(c.a, ret) = *w;
	}
	for (size_t i = 0; i < n_which; i++)
		if (!has_write(ret, which[i]))
			push_unlimited(&c, which[i]);
}

/* ---- the caller's own limits ---- */

static void own_limit(struct ready *rd, struct diags *d, enum setting_id id, int resource,
	int64_t value)
{
	struct rlimit now;
	struct limits *l = &rd->limits;
	if (value == LIMIT_NONE || getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return;
	if (now.rlim_max != RLIM_INFINITY && (uint64_t)value > now.rlim_max)
		diag_add(d, &rd->plan->origin[id], "above your own hard limit, %" PRIu64,
			(uint64_t)now.rlim_max)
			->hint = "ulimit -H shows it; an administrator raises it in "
				 "/etc/security/limits.conf";
	else
		l->own[l->n_own++] = (struct own_limit){ resource, (uint64_t)value };
}

static void own_limits(struct ready *rd, struct diags *d)
{
	const struct plan *p = rd->plan;
	own_limit(rd, d, SET_NOFILE, RLIMIT_NOFILE, p->nofile);
	own_limit(rd, d, SET_FSIZE, RLIMIT_FSIZE, p->fsize);
	own_limit(rd, d, SET_CORE, RLIMIT_CORE, p->core);
	own_limit(rd, d, SET_STACK, RLIMIT_STACK, p->stack);
	own_limit(rd, d, SET_MEMLOCK, RLIMIT_MEMLOCK, p->memlock);
	own_limit(rd, d, SET_ADDRESS_SPACE, RLIMIT_AS, p->address_space);
}

/* ---- which group ---- */

bool group_write_limits(const struct group_write *w)
{
	return !w->optional && !w->lifts;
}

/* The setting that makes a group needed, for its place and name; SET_COUNT: none does. */
static enum setting_id needs_group(const struct ready *rd)
{
	const struct plan *p = rd->plan;
	if (p->limits == LIMITS_GROUP)
		return SET_LIMITS;
	for (size_t i = 0; i < rd->limits.writes.n; i++)
		if (group_write_limits(&rd->limits.writes.v[i]))
			return rd->limits.writes.v[i].id;
	return p->cpu_time_ns > 0 ? SET_CPU_TIME : SET_COUNT;
}

/* Of the unit: what is left of the program's name, as desktops want it. */
static const char *unit_name(const struct ready *rd)
{
	const struct plan *p = rd->plan;
	const char *program = p->argv && p->argv[0] ? path_basename(p->argv[0]) : "shell";
	char *name = arena_printf(p->arena, "%.64s", program);
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_.",
			    *c))
			*c = '_';
	/* a number of ours may be that of a scope which systemd has not swept yet */
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return arena_printf(
		p->arena, "app-sbox-%s-%d%08x.scope", name, (int)getpid(), random);
}

/* A group of the caller's own has its weight from whoever made it. */
static void refuse_weights(const struct ready *rd, struct diags *d)
{
	const struct limits *l = &rd->limits;
	if (l->way != GROUP_OWN || rd->plan->limits == LIMITS_AUTO)
		return;
	for (size_t i = 0; i < l->writes.n; i++)
		if (l->writes.v[i].property)
			diag_add(d, &rd->plan->origin[l->writes.v[i].id],
				"only a user manager of systemd can give a weight, and "
				"none is running for you")
				->hint = "limits = auto runs without it";
}

void limits_resolve(struct ready *rd, struct diags *d)
{
	const struct plan *p = rd->plan;
	struct limits *l = &rd->limits;
	const char *hint = NULL;

	own_limits(rd, d);
	limits_writes(p, &rd->host, d, &l->writes);
	enum setting_id id = needs_group(rd);
	if (id == SET_COUNT)
		return;
	if (p->no_limits) {
		l->dropped = "--no-limits";
		return;
	}
	const char *reason = group_find(rd, &hint);
	if (!reason) {
		l->unit = unit_name(rd);
		refuse_weights(rd, d);
		return;
	}
	l->way = GROUP_NONE;
	l->dropped = reason;
	if (p->limits == LIMITS_AUTO)
		return;
	diag_add(d, &p->origin[id], "no control group can be had to hold it: %s", reason)
		->hint =
		arena_printf(p->arena, "%s; --no-limits runs without limits", hint);
}
