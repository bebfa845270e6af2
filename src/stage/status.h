/* SPDX-License-Identifier: MIT */
/* status.h - what --json-status tells: one line of JSON an event */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"
#include "resolve/state.h"

struct group_facts;

void status_started(const struct ready *rd, pid_t init, enum held limits);
/* How a run ended. */
struct status_end {
	int code; /* for the caller */
	int signal; /* that ended the program; 0: none */
	enum setting_id limit; /* of time that ended it; SET_COUNT: none */
	const struct group_facts *facts;
};
void status_exited(const struct ready *rd, const struct status_end *how);
/* @destination: "192.0.2.1:80", or a name; @count: how often. */
void status_refused(const struct ready *rd, const char *destination, uint64_t count);
/* @fd: the plan's json_status_fd, for failures before there is a ready. */
void status_failed(int64_t fd, const struct err *e);
