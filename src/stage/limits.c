/* SPDX-License-Identifier: MIT */
/* limits.c - the limits that the program's process puts on itself, and its view of its group */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "stage/stage.h"

static int own_limits(const struct limits *l)
{
	for (size_t i = 0; i < l->n_own; i++) {
		/* no RLIM_INFINITY here: resolve/limits.c compared with the hard limit */
		const struct rlimit want = { l->own[i].value, l->own[i].value };
		struct rlimit now;
		__rlimit_resource_t resource = (__rlimit_resource_t)l->own[i].resource;
		if (setrlimit(resource, &want) < 0 || getrlimit(resource, &now) < 0)
			return -errno;
		if (now.rlim_cur != want.rlim_cur || now.rlim_max != want.rlim_max)
			return -EPROTO;
	}
	return 0;
}

/* Should: make the group that the supervisor has moved us to look like the root, so that its
 * own limits are out of reach (CLONE_NEWCGROUP with nsdelegate, cgroups(7)), and lower what
 * is the process' own. Mustn't: go on with a limit that did not take. */
int stage_limits(struct child *c)
{
	const struct ready *rd = c->rd;
	if (rd->limits.way != GROUP_NONE && unshare(CLONE_NEWCGROUP) < 0)
		return stage_fail(c, STEP_LIMITS, -1, -errno);
	if (rd->plan->nice != LIMIT_NONE &&
		setpriority(PRIO_PROCESS, 0, (int)rd->plan->nice) < 0)
		return stage_fail(c, STEP_LIMITS, -1, -errno);
	int r = own_limits(&rd->limits);
	return r < 0 ? stage_fail(c, STEP_LIMITS, -1, r) : 0;
}

/* Should: make this process and its children likelier to be killed than others. It is
 * done before anything of the host is out of sight. */
int stage_oom_score(struct child *c)
{
	char text[16];
	if (c->rd->plan->oom_score == LIMIT_NONE)
		return 0;
	(void)snprintf(text, sizeof(text), "%d", (int)c->rd->plan->oom_score);
	int r = fd_write_file(AT_FDCWD, "/proc/self/oom_score_adj", text);
	return r < 0 ? stage_fail(c, STEP_LIMITS, -1, r) : 0;
}
