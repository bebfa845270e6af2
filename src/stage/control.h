/* SPDX-License-Identifier: MIT */
/* control.h - the socket between the supervisor and the program's process before its exec
 *
 * Up go the process' own number, as the supervisor knows it, and its network namespace;
 * down comes the word to go on. All that run here before the exec is sbox's own code, so
 * what arrives needs no distrust; after it nobody has the other end.
 */
#pragma once

#include <sys/types.h>

enum control_kind {
	CONTROL_GO = 'g', /* to the child: what it waited for is there */
	CONTROL_PROGRAM =
		'p', /* to the supervisor: the sender is the program's process */
	CONTROL_OVERLAY = 'o', /* to the supervisor: a mount that awaits fuse-overlayfs */
	CONTROL_USER = 'u', /* to the supervisor, before that: the user namespace of it */
	CONTROL_MEMORY =
		'm', /* to the supervisor, in between: where its layer is to lie */
	CONTROL_NETWORK = 'n', /* to the supervisor: with its network namespace */
};

/* @ret[0]: the supervisor's end. 0 or negative errno. */
int control_pair(int ret[2]);
/* One message; @attached: a descriptor to go with it, -1: none. Async-signal-safe.
 * 0 or negative errno; -EPIPE where the other side has ended. */
int control_send(int fd, enum control_kind kind, int attached);
/* The next message's kind, 0 where the other side has ended, or negative errno. @ret_pid: the
 * sender, in our pid namespace; @ret_fd: what came with it, -1: nothing. Both may be NULL;
 * a descriptor nobody wants is closed. Async-signal-safe. */
int control_receive(int fd, pid_t *ret_pid, int *ret_fd);
