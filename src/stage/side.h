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

/* Starts it, with its output kept in p->log where @spec has no place (-1) for it.
 * 0 or negative errno with @e set. */
int side_start(struct side *p, struct proc_spec *spec, struct err *e);
/* Starts what ends @p when the other end of @leave closes, which it does whatever becomes of
 * us. The parent's death signal is not enough for a program that AppArmor has a profile for:
 * the kernel forgets it then, as it does where a program changes its user. */
int side_guard(const struct side *p, int leave, struct side *ret, struct err *e);
/* Waits for its end; the exit code. */
int side_wait(struct side *p);
/* The same for a program that has @ms for its work; -ETIMEDOUT: it is still there. */
int side_wait_ms(struct side *p, int ms);
/* Ends it, and closes all that belongs to it; none is fine. */
void side_stop(struct side *p);
enum { SIDE_WORDS_MAX = 512 };
/* What it told last on its way out, fit for a terminal; "" where it was silent. */
const char *side_words(const struct side *p, char buf[SIDE_WORDS_MAX]);
/* "NAME WHAT: its last words"; negative errno. */
int side_failed(const struct side *p, const char *what, struct err *e);
/* Memory with @text in it, to be read from its beginning; -1: without. */
int side_memory(const char *text);
