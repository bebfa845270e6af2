/* SPDX-License-Identifier: MIT */
/* group.h - the control group that holds an instance's limits */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "base/err.h"
#include "resolve/ready.h"
#include "stage/supervise.h"

struct group {
	const struct ready *rd;
	pid_t helper; /* asks systemd; 0: none, or it has ended */
	int to_fd, from_fd; /* its input and output; -1: none */
	pid_t program;
	int payload_fd; /* the group's directory; -1: there is none */
	char top[PATH_MAX], payload[PATH_MAX + 16];
	bool dropped; /* not all limits are held, and that was allowed */
	bool taken; /* GROUP_OWN: our own group was divided, and is to be made whole */
};

/* What a group has to tell at the end. */
struct group_facts {
	bool known;
	uint64_t
		oom_kills; /* above 0: some; the kernel counts them in more ways than one */
	uint64_t pids_refused; /* forks that failed at the limit */
	int64_t memory_peak; /* bytes; -1: this kernel does not tell (before 5.19) */
	int64_t cpu_us; /* -1: unknown */
};

/* Begins to ask for one, where limits need it and this is not @dry; only the limits of @rd
 * need be resolved. 0, or negative errno with @e set; group_end() is then to be called only
 * after 0. */
int group_begin(const struct ready *rd, bool dry, struct group *g, struct err *e);
/* Whether the start has to wait for it. */
bool group_is_awaited(const struct group *g);
/* The program's process is known now: tells it to systemd where that is asked, and is done
 * at once where our own group will do. */
int group_program(struct group *g, pid_t program, struct awaited *w, struct err *e);
/* For struct awaited: systemd has answered. */
int group_look(struct awaited *w, struct err *e);
/* Makes one write to the group whose folder @group is; @origin (may be NULL) says who asked
 * for it. 0 or negative errno with @e set. */
int group_write(
	int group, const struct group_write *w, const char *origin, struct err *e);
/* Whether systemd gave the scope above the group whose folder @group is the weight that it was
 * asked for. 0 or negative errno with @e set. */
int group_has_weight(
	int group, const struct group_write *w, const char *origin, struct err *e);
/* Where the limits are, below GROUP_TOP; NULL: nowhere. */
const char *group_path(const struct group *g);
/* Whether the plan's limits that need a group are held. */
enum held group_held(const struct group *g);
/* Ends all that is in it, if there is one. */
void group_kill(const struct group *g);
/* Microseconds of processor time so far; -1: unknown. */
int64_t group_cpu_us(const struct group *g);
void group_facts(const struct group *g, struct group_facts *ret);
void group_end(struct group *g);
