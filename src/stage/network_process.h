/* SPDX-License-Identifier: MIT */
/* network_process.h - one program of the host that works for the sandbox's network */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/proc.h"

struct network_process {
	const char *name;
	pid_t pid; /* 0: none */
	int pidfd;
	int channel; /* what tells that it is ready; -1: none */
	int log; /* what it wrote, for messages */
};

#define NETWORK_PROCESS_NONE \
	{ \
		.pidfd = -1, .channel = -1, .log = -1 \
	}

/* A network namespace and its owner, to run in, and what may be done there. */
struct network_place {
	int user_ns, net_ns;
	uint64_t capabilities; /* bit n: capability n; all others are given up */
};

/* For prepare() of struct proc_spec, with a struct network_place. */
int network_enter(const void *place_data);

/* What a program that stays outside may reach of the files. */
struct network_wall {
	bool required; /* else a kernel without Landlock is excused */
	const char *folder; /* where it may make a socket; NULL: nowhere */
};

/* The same with a struct network_wall: for slirp4netns, which cannot build its own sandbox
 * where no user 0 is mapped. */
int network_wall_off(const void *wall_data);

/* Starts it, with its output kept in p->log unless @spec has a place for it.
 * 0 or negative errno with @e set. */
int network_process_start(
	struct network_process *p, struct proc_spec *spec, struct err *e);
/* Waits for its end; the exit code. */
int network_process_wait(struct network_process *p);
/* Ends it, and closes all that belongs to it; none is fine. */
void network_process_stop(struct network_process *p);
/* "NAME WHAT: its last words"; negative errno. */
int network_process_failed(
	const struct network_process *p, const char *what, struct err *e);
/* Memory with @text in it, to be read from its beginning; -1: without. */
int network_memory(const char *text);
