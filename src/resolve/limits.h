/* SPDX-License-Identifier: MIT */
/* limits.h - the plan's limits as what is to be written where, and which group can hold them */
#pragma once

#include "config/diag.h"
#include "config/plan.h"

struct host;
struct ready;

/* What the kernel calls the part of a control group that holds a limit. */
enum controller {
	CONTROLLER_NONE,
	CONTROLLER_MEMORY,
	CONTROLLER_CPU,
	CONTROLLER_PIDS,
	CONTROLLER_IO,
	CONTROLLER_CPUSET,
	CONTROLLER_COUNT
};
extern const char *const controller_names[CONTROLLER_COUNT];

/* One limit of the group: @value goes into @file. */
struct group_write {
	enum setting_id id;
	enum controller controller;
	const char *file, *value;
	bool optional; /* not every kernel has the file, and nobody has asked for it */
	bool lifts; /* a limit: none is there where the file is not. @value NULL: of all disks */
	/* A weight is one among groups side by side, so it is the scope's, whose files are
	 * systemd's: it is asked for it by this name. NULL: @file is the payload's, and ours. */
	const char *property;
};

/* Whether it is a limit that somebody has asked for. */
bool group_write_limits(const struct group_write *w);

struct group_writes {
	struct group_write *v;
	size_t n;
};

enum group_way {
	GROUP_NONE,
	GROUP_SCOPE, /* a transient scope that systemd's user manager delegates */
	GROUP_OWN, /* the caller's own group, which is writable */
};

/* One of setrlimit(2)'s. */
struct own_limit {
	int resource;
	uint64_t value;
};

enum { OWN_LIMITS_MAX = 8 };

struct limits {
	enum group_way way;
	const char *manager_dir; /* GROUP_SCOPE: where the user manager's sockets are */
	const char *unit; /* the scope's name */
	const char *helper; /* the program that asks for it */
	const char *group; /* GROUP_OWN: its path */
	struct group_writes writes;
	const char
		*dropped; /* why limits that the plan has are not held; NULL: they are */
	struct own_limit own[OWN_LIMITS_MAX];
	size_t n_own;
};

/* The writes for the limits of @p, in the order in which they are to be made. Mistakes (a
 * device that is not there) go to @d. */
void limits_writes(
	const struct plan *p, struct host *h, struct diags *d, struct group_writes *ret);
/* The same for a group that has limits already: for those of @p that are in @which (n_which
 * of them), also for what lifts a limit. A setting that a running group knows nothing of is
 * a mistake. */
void limits_changes(const struct plan *p, const enum setting_id *which, size_t n_which,
	struct host *h, struct diags *d, struct group_writes *ret);
/* The memory that the group may use, in bytes; -1: as much as there is. */
int64_t limits_memory(const struct limits *l);
/* All of it, into rd->limits. Mistakes go to @d: limits that cannot be held here, too, unless
 * the plan says that they need not. */
void limits_resolve(struct ready *rd, struct diags *d);
