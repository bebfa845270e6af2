/* SPDX-License-Identifier: MIT */
/* side.h - one program of the host that works beside the sandbox, and ends with it */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/proc.h"

struct side {
	const char *name;
	const char *about; /* the setting that wants it, for messages */
	pid_t pid; /* 0: none */
	int pidfd;
	int channel; /* what tells that it is ready; -1: none */
	int log; /* what it wrote, for messages */
};

#define SIDE_NONE \
	{ \
		.pidfd = -1, .channel = -1, .log = -1 \
	}

/* For prepare() of struct proc_spec, in a user namespace that was entered: of all its
 * capabilities only these stay (bit n: capability n), over the execve too; and nothing can
 * add others. 0 or negative errno. */
int side_keep(uint64_t capabilities);

/* Starts it, with its output kept in p->log unless @spec has a place for it.
 * 0 or negative errno with @e set. */
int side_start(struct side *p, struct proc_spec *spec, struct err *e);
/* Waits for its end; the exit code. */
int side_wait(struct side *p);
/* Ends it, and closes all that belongs to it; none is fine. */
void side_stop(struct side *p);
/* "NAME WHAT: its last words"; negative errno. */
int side_failed(const struct side *p, const char *what, struct err *e);
/* Memory with @text in it, to be read from its beginning; -1: without. */
int side_memory(const char *text);
