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

/* Gets hold of each of @ids and does @what to it. Errors are told and the rest goes on; 0, or
 * EXIT_SBOX where there were some; negative errno with @e set where there is no registry. */
int instances_each(struct arena *a, const struct ids *ids,
	int (*what)(struct handle *h, void *data, struct err *e), void *data,
	struct err *e);
