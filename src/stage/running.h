/* SPDX-License-Identifier: MIT */
/* running.h - what is done to an instance that runs: signals, freezing, limits */
#pragma once

#include "resolve/limits.h"
#include "resolve/registry.h"

struct host;

/* Opens the folder of its control group. 0, -ENODATA where it has none, or negative errno,
 * with @e set. */
int running_group(const struct handle *h, int *ret_fd, struct err *e);
/* Has systemd give its scope the weight @w, whose folder of the payload @group is. 0 or
 * negative errno with @e set. */
int running_weigh(const struct handle *h, int group, const struct group_write *w,
	struct arena *a, const struct host *host, struct err *e);
/* Sends a signal to its supervisor, which passes it on to the program; SIGTERM wakes what is
 * stopped or frozen, too, for that could not end. 0 or negative errno with @e set. */
int running_signal(const struct handle *h, int sig, struct err *e);
/* Kills all of it, whatever state it is in. The supervisor still tells its caller. */
int running_kill(const struct handle *h, struct err *e);
/* Stops all its processes where they are, or lets them go on; waits until it is so. */
int running_freeze(const struct handle *h, bool freeze, int wait_ms, struct err *e);
