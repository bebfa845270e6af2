/* SPDX-License-Identifier: MIT */
/* registry.h - which instances of the user run: listing them, and getting hold of one */
#pragma once

#include "resolve/instance.h"

struct instance_info {
	struct instance_state state; /* of one that cannot be read, the id alone */
	pid_t pid; /* the supervisor as we see it; 0: in a pid namespace that we do not see */
};

struct instances {
	struct instance_info *v;
	size_t n;
};

struct registry {
	const char *place;
	int fd; /* -1: there never was an instance */
};

/* The caller's own. 0 or negative errno with @e set. */
int registry_open(struct registry *r, struct arena *a, struct err *e);
void registry_close(struct registry *r);
/* All whose program runs, the oldest first. Folders of the dead are taken away. */
void registry_list(const struct registry *r, struct arena *a, struct instances *ret);

/* The older one first, for sorting. */
int instance_compare_age(const struct instance_info *a, const struct instance_info *b);

/* One instance that is still the same one when it is acted on. */
struct handle {
	struct instance_info info;
	int place_fd; /* borrowed from the registry */
	int fd; /* its folder */
	int pidfd; /* of the supervisor; -1: in a pid namespace that we do not see */
};

/* By id or, where there is no such id, by the supervisor's pid. 0, or negative errno with @e
 * and its hint set. */
int registry_hold(const struct registry *r, struct arena *a, const char *id,
	struct handle *ret, struct err *e);
/* Whether its supervisor lives. */
bool handle_lives(const struct handle *h);
void handle_release(struct handle *h);
