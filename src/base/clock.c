/* SPDX-License-Identifier: MIT */
/* clock.c - the clock that times to wait until are told by */
#include "base/clock.h"

#include <time.h>

int64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
