/* SPDX-License-Identifier: MIT */
/* enlist.h - putting the run on the list that "sbox ps" reads, once its program runs */
#pragma once

#include "stage/group.h"

/* @init: as we see it. What fails is told with --verbose only: the program needs no list. */
void enlist(const struct ready *rd, pid_t init, const struct group *group);
