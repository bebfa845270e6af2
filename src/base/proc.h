/* SPDX-License-Identifier: MIT */
/* proc.h - starting a program of the system and waiting for it
 *
 * Programs that sbox drives are run by absolute path with an environment of three words,
 * so that nothing in the caller's environment reaches them (CVE-2017-5207's class).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

/* The absolute path of @name in /usr/bin, /bin, /usr/sbin, /sbin, or NULL. Static text. */
const char *proc_find_helper(const char *name, char *buf, size_t size);

enum { PROC_KEEP_MAX = 8 };

struct proc_spec {
	const char *path;
	char *const *argv;
	char *const *envp; /* NULL: PATH, LANG only */
	int stdin_fd; /* -1: /dev/null */
	int stdout_fd; /* -1: /dev/null */
	int stderr_fd; /* -1: /dev/null */
	int keep_fd; /* passed on under its own number; -1: none */
	int keep_fds[PROC_KEEP_MAX]; /* and these */
	size_t n_keep_fds;
	bool own_session; /* what a terminal sends is not for it */
	/* Called in the new process before its execve, which is left out unless it says 0;
	 * async-signal-safe. May be NULL. */
	int (*prepare)(const void *data);
	const void *data;
};

/* Starts it; every other descriptor is closed in it and it dies with its parent.
 * @ret_pidfd may be NULL. The pid, or negative errno with @e set. */
pid_t proc_start(const struct proc_spec *spec, int *ret_pidfd, struct err *e);
/* Waits; the exit code, 128 + signal, or negative errno. */
int proc_wait(pid_t pid);
/* Runs it to its end and keeps the first @size - 1 bytes of what it wrote: standard output
 * where @stream is 1, standard error where it is 2. The exit code, or negative errno. */
int proc_capture(const char *path, char *const *argv, int stream, char *out, size_t size,
	struct err *e);
/* The same for standard output that may hold NUL bytes; @ret_size: how many came. */
int proc_capture_bytes(const char *path, char *const *argv, char *out, size_t size,
	size_t *ret_size, struct err *e);
/* The number of its parent, 0 where there is nothing to see. */
pid_t proc_parent(pid_t pid);
/* wait(2)'s status as a shell's exit code. */
int proc_exit_code(int status);
