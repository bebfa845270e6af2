/* SPDX-License-Identifier: MIT */
/* use.h - what an instance uses, as "sbox stats" and "sbox top" show it */
#pragma once

#include "resolve/registry.h"
#include "resolve/usage.h"

struct use {
	struct instance_info info;
	struct usage usage;
	bool has_group;
};

struct uses {
	struct use *v;
	size_t n;
};

/* Of an instance without a group all is unknown. */
void use_read(const struct handle *h, struct use *ret);

/* For people; "-" for what is unknown, "max" for no limit. */
const char *use_size(struct arena *a, int64_t bytes);
const char *use_of(struct arena *a, int64_t n, int64_t limit); /* "12/64" */
const char *use_time(struct arena *a, int64_t us);
const char *use_share(struct arena *a, int64_t hundredths); /* of a percent */
