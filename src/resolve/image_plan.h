/* SPDX-License-Identifier: MIT */
/* image_plan.h - the sandbox in which an image's tree is worked on */
#pragma once

#include "config/plan.h"
#include "resolve/host.h"

/* The places of the tree and of a directory that it is made from, as the helper sees them. */
#define IMAGE_ROOT   "/image"
#define IMAGE_SOURCE "/source"

struct image_work {
	const char *root; /* the tree on the host */
	bool write; /* to it */
	const char *source; /* a directory that may be read; NULL: none */
	int fds[4]; /* passed on; -1: none */
	char **argv; /* behind the helper's name, ended by NULL */
	bool any_depth; /* of paths: AppArmor refuses those that it cannot write out */
	bool range; /* ids of the caller's range; else the caller's own only */
};

/* Fills @q, which is to be run like any other plan. */
void image_plan(struct plan *q, struct arena *a, const struct host *h,
	const struct image_work *work);
