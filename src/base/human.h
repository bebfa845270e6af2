/* SPDX-License-Identifier: MIT */
/* human.h - sizes and times as people read them */
#pragma once

#include <stdint.h>

enum { HUMAN_MAX = 24 }; /* room for any of these */

/* "0", "812", "1.5K", "96M", "2.0G": three digits at most before the unit (1024s). */
const char *human_size(char out[HUMAN_MAX], uint64_t bytes);
/* "0.25s", "12s", "5m12s", "3h05m", "12d3h": the two largest units. */
const char *human_time(char out[HUMAN_MAX], uint64_t ms);
/* The same of whole seconds: "5s". */
const char *human_age(char out[HUMAN_MAX], uint64_t s);
