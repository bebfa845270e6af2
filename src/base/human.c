/* SPDX-License-Identifier: MIT */
/* human.c - sizes and times as people read them */
#include "base/human.h"

#include <stdio.h>

const char *human_size(char out[HUMAN_MAX], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t unit = 1;
	int i = -1;
	/* 1000 of a unit are written as 1.0 of the next, so that columns stay narrow */
	while (bytes / unit >= 1000 && units[i + 1]) {
		unit *= 1024;
		i++;
	}
	if (i < 0)
		(void)snprintf(out, HUMAN_MAX, "%u", (unsigned)bytes);
	else if (bytes < 10 * unit - unit / 20)
		(void)snprintf(
			out, HUMAN_MAX, "%.1f%c", (double)bytes / (double)unit, units[i]);
	else
		(void)snprintf(
			out, HUMAN_MAX, "%.0f%c", (double)bytes / (double)unit, units[i]);
	return out;
}

const char *human_time(char out[HUMAN_MAX], uint64_t ms)
{
	uint64_t s = ms / 1000;
	if (s >= 10)
		return human_age(out, s);
	(void)snprintf(
		out, HUMAN_MAX, "%u.%02us", (unsigned)s, (unsigned)(ms % 1000 / 10));
	return out;
}

const char *human_age(char out[HUMAN_MAX], uint64_t s)
{
	enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
	if (s < MINUTE)
		(void)snprintf(out, HUMAN_MAX, "%us", (unsigned)s);
	else if (s < HOUR)
		(void)snprintf(out, HUMAN_MAX, "%um%02us", (unsigned)(s / MINUTE),
			(unsigned)(s % MINUTE));
	else if (s < DAY)
		(void)snprintf(out, HUMAN_MAX, "%uh%02um", (unsigned)(s / HOUR),
			(unsigned)(s % HOUR / MINUTE));
	else
		(void)snprintf(out, HUMAN_MAX, "%llud%uh", (unsigned long long)(s / DAY),
			(unsigned)(s % DAY / HOUR));
	return out;
}
