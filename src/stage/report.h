/* SPDX-License-Identifier: MIT */
/* report.h - what the child tells its parent: fixed-size records on a pipe
 *
 * The child may not allocate, format or look anything up; it sends numbers, and the
 * parent, who has the plan, makes the sentence (explain.c).
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

enum report_kind {
	REPORT_FAILED, /* the start failed in a step; the child is ending */
	REPORT_STARTED, /* the program was executed; @pid: in the namespace of the reader */
	REPORT_STOPPED, /* the program was stopped by signal @value */
	REPORT_EXITED, /* the program ended; @value: wait status */
};

enum step {
	STEP_NONE,
	STEP_CLONE,
	STEP_PARENT, /* the parent is gone, or will not go on */
	STEP_ID_MAP,
	STEP_GROUPS,
	STEP_HOSTNAME,
	STEP_NETWORK,
	STEP_LOOPBACK,
	STEP_KEYRING,
	STEP_TIME,
	STEP_ROOT,
	STEP_SOURCE,
	STEP_CHANGED, /* a source is not what it was when it was looked at */
	STEP_PLACE,
	STEP_MOUNT,
	STEP_FILE,
	STEP_OVERLAY,
	STEP_SEAL,
	STEP_PIVOT,
	STEP_SESSION,
	STEP_FORK,
	STEP_HELPER,
	STEP_CAPABILITIES,
	STEP_NO_NEW_PRIVS,
	STEP_LANDLOCK,
	STEP_APPARMOR,
	STEP_SELINUX,
	STEP_SECCOMP,
	STEP_LIMITS,
	STEP_DESCRIPTORS,
	STEP_CHDIR,
	STEP_EXEC,
	STEP_COUNT
};

struct report {
	enum report_kind kind;
	enum step step;
	int error; /* negative errno */
	int op; /* index in ready->ops, -1: none */
	int value;
	pid_t pid;
};

/* A pipe write of at most PIPE_BUF bytes is whole or not at all (pipe(7)). */
_Static_assert(sizeof(struct report) <= 512, "a report must be written atomically");

/* To the pipe @fd; that it arrived shows in what the parent does. */
void report_send(int fd, const struct report *report);
