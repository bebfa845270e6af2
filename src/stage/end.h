/* SPDX-License-Identifier: MIT */
/* end.h - how a run ended: the exit code for the caller, and what is told of it */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "config/settings.h"

struct group;
struct network_run;

/* What the supervisor has seen. */
struct run_end {
	bool started;
	bool have_status; /* of the program, in @status, as wait(2) gives it */
	bool helper_lost; /* one that the program cannot be without */
	enum setting_id limit; /* that the program was ended for; SET_COUNT: none */
	int status;
	int interrupted; /* the signal that ended the start, or the last wait; 0: none */
	int failed; /* negative errno of a start that failed */
};

/* Tells on stderr and to --json-status what the program, its limits and its network came to.
 * The exit code for the caller, or negative errno where the start failed, with @e set. */
int end_tell(const struct run_end *end, const struct group *group,
	struct network_run *network, struct err *e);
