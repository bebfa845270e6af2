/* SPDX-License-Identifier: MIT */
/* instances.h - what the verbs on running instances share */
#pragma once

#include "base/json.h"
#include "resolve/registry.h"

struct ids {
	const char **v;
	size_t n;
};

/* What stands in a listing where nothing is known. */
#define UNKNOWN "-"

/* Whole seconds since it was started. */
uint64_t instance_age(const struct instance_state *s);
/* Its id, name, profile, pids, and when it was started, into the object that is open. */
void instance_json(struct json *j, const struct instance_info *info);

/* Some instances that are held, and whether something went wrong with others. */
struct handles {
	struct registry registry;
	struct handle *v;
	size_t n;
	bool failed;
};

/* Takes all that are @flag out of the words behind the verb; whether there was one. */
bool instances_take_flag(char **argv, const char *flag);
/* Words that are ids, without flags: -EINVAL with @e set where there is a flag, or nothing
 * where @some says that there must be something. */
int instances_words(
	struct arena *a, char **argv, bool some, struct ids *ret, struct err *e);
/* Gets hold of @ids, of all that run where there are none. Those that cannot be had are told.
 * 0, or negative errno with @e set where there is no registry. */
int instances_hold(
	struct arena *a, const struct ids *ids, struct handles *ret, struct err *e);
/* Does @what to each. What fails is told, and let go. */
void instances_each(struct handles *all,
	int (*what)(struct handle *h, void *data, struct err *e), void *data);
/* Lets all go; the exit code: EXIT_SBOX where anything failed. */
int instances_release(struct handles *all);
