/* SPDX-License-Identifier: MIT */
/* idmap.h - writing ranges of ids through newuidmap(1) and newgidmap(1) */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"

/* Looks for both programs and for what makes them useless, before anything is started. */
int idmap_check(const struct ready *rd, struct err *e);
/* Writes both maps of process @pid, at the same time. 0 or negative errno with @e set. */
int idmap_write(const struct ready *rd, pid_t pid, struct err *e);
