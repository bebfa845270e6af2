/* SPDX-License-Identifier: MIT */
/* supervise.h - the parent while the program runs: signals, time limit, the end */
#pragma once

#include <signal.h>

#include "base/err.h"
#include "resolve/ready.h"

/* A signal for the program is sent to init as the value of this one. As itself it could get
 * lost: a signal of which one is waiting already is not queued (signal(7)), and what a shell
 * sends to the process group, as SIGCONT at "fg", goes to init too. */
#define FORWARDED SIGRTMIN

struct supervisor {
	const struct ready *rd;
	int init_pidfd;
	pid_t init;
	int report_fd; /* read end */
	int signal_fd;
	int helper_pidfd; /* -1: none */
	const char *helper_name;
};

/* Blocks the signals that are to be forwarded. @ret_mask: the mask before. */
int supervise_block_signals(sigset_t *ret_mask, int *ret_signal_fd, struct err *e);
/* Back to @mask, without a SIGPIPE that was kept back in between. */
void supervise_restore_signals(const sigset_t *mask);
/* Until init has ended. The exit code for the caller, or negative errno with @e set when
 * the start failed. */
int supervise(struct supervisor *s, struct err *e);
