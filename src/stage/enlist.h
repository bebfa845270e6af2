/* SPDX-License-Identifier: MIT */
/* enlist.h - putting the run on the list that "sbox ps" reads, once its program runs */
#pragma once

#include "resolve/ready.h"

/* @init: as we see it. @group: the program's control group below /sys/fs/cgroup, NULL or ""
 * for none. @limits: enum held. What fails is told with --verbose only: the program needs no
 * list. */
void enlist(const struct ready *rd, pid_t init, const char *group, int limits);
