/* SPDX-License-Identifier: MIT */
/* instances.h - what the verbs on running instances share */
#pragma once

#include "base/json.h"
#include "resolve/registry.h"

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

/* Gets hold of @ids, ended by NULL; of all that run where there are none, or for NULL. Those
 * that cannot be had are told.
 * 0, or negative errno with @e set where there is no registry. */
int instances_hold(struct arena *a, char *const *ids, struct handles *ret, struct err *e);
/* The ids of those that have the image as their root, or use the kept layer, blanks between;
 * NULL: none is known. Either may be NULL. */
const char *instances_using(struct arena *a, const char *image, const char *layer);
/* Does @what to each. What fails is told, and let go. */
void instances_each(struct handles *all,
	int (*what)(struct handle *h, void *data, struct err *e), void *data);
/* Lets all go; the exit code: EXIT_SBOX where anything failed. */
int instances_release(struct handles *all);
