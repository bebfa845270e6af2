/* SPDX-License-Identifier: MIT */
/* usage.h - what a control group tells of the use that is made of it */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum pressure { PRESSURE_CPU, PRESSURE_MEMORY, PRESSURE_IO, PRESSURE_COUNT };
extern const char *const pressure_names[PRESSURE_COUNT];

#define USAGE_UNKNOWN \
	INT64_C(-1) /* the controller is not there, or the kernel is too old */
#define USAGE_UNLIMITED INT64_MAX

struct usage {
	int64_t memory, memory_peak, memory_limit; /* bytes */
	int64_t cpu_us;
	int64_t pids, pids_limit;
	int64_t read, written; /* bytes, of disks */
	/* the share of the last ten seconds in which some process waited, in hundredths of a
	 * percent */
	int64_t pressure[PRESSURE_COUNT];
	bool frozen;
};

/* @group: the descriptor of the group's folder. Allocates nothing. */
void usage_read(int group, struct usage *ret);
/* Its part that costs least to know. */
bool usage_is_frozen(int group);
/* As usage_read() has it for no group at all. */
void usage_none(struct usage *ret);
