/* SPDX-License-Identifier: MIT */
/* supervise.h - the parent while the program runs: signals, time limit, the end */
#pragma once

#include <signal.h>

#include "base/err.h"
#include "resolve/overlay.h"
#include "resolve/ready.h"
#include "stage/end.h"

/* A signal for the program is sent to init as the value of this one. As itself it could get
 * lost: a signal of which one is waiting already is not queued (signal(7)), and what a shell
 * sends to the process group, as SIGCONT at "fg", goes to init too. */
#define FORWARDED SIGRTMIN

/* Something that the program must not start without. */
struct awaited {
	const char *name; /* for messages */
	int fd; /* readable: look at it; -1: there is nothing to look at now */
	bool done;
	/* Looks at what has come; sets @done when it is all there. 0, or negative errno with
	 * @e set, which ends the start. May change @fd. */
	int (*look)(struct awaited *w, struct err *e);
	void *data;
};

/* A process beside the sandbox whose end is told. */
struct watched {
	const char *name; /* for messages */
	const struct side *side; /* NULL: its words are not kept */
	int pidfd; /* -1: none, or gone */
	enum setting_id by; /* ends the program, by this setting; SET_COUNT: does not */
	bool serves; /* it ends, without fault, when what it serves has gone */
	bool keeps; /* what it writes then is kept, and waited for */
};

enum { AWAITED_MAX = 5, WATCHED_MAX = 5 + OVERLAY_SERVERS_MAX };

struct group;
struct side;

/* Something to look at each time that the descriptor is readable. */
struct looked_at {
	int fd; /* -1: nobody asks */
	void (*look)(void *data);
	void *data;
};

struct supervisor {
	const struct ready *rd;
	int init_pidfd;
	pid_t init;
	int report_fd; /* read end */
	int signal_fd;
	const struct group *group;
	struct looked_at changes; /* of the host's addresses */
	int control_fd; /* to the program's process before its exec; -1: it waits for nothing */
	struct awaited awaited[AWAITED_MAX];
	size_t n_awaited;
	struct watched watched[WATCHED_MAX];
	size_t n_watched;
};

/* Has a process watched from now on; @by: as in struct watched. */
struct watched *supervise_watch(
	struct supervisor *s, const char *name, int pidfd, enum setting_id by);
/* Whether a signal that the supervisor gets is passed on to the program. */
bool supervise_forwards(int sig);
/* Blocks the signals that are to be forwarded. @ret_mask: the mask before. */
int supervise_block_signals(sigset_t *ret_mask, int *ret_signal_fd, struct err *e);
/* Back to @mask, without a SIGPIPE that was kept back in between. */
void supervise_restore_signals(const sigset_t *mask);
/* Until init has ended, and what serves the program's files. Where the result has @failed set,
 * @e is. */
struct run_end supervise(struct supervisor *s, struct err *e);
