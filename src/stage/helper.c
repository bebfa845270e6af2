/* SPDX-License-Identifier: MIT */
/* helper.c - programs that run beside the sandbox for its whole life
 *
 * Each gets one end of a socket pair under a number of its own. xdg-dbus-proxy (--fd)
 * writes a byte to it when it listens and ends when the other end is closed, so it cannot
 * outlive us whatever happens.
 */
#include "stage/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

enum { READY_MS = 5000, ARGS_MAX = 256 };

int helper_start(const struct helper_spec *spec, struct helper *ret, struct err *e)
{
	int ends[2];
	char number[64];
	char *argv[ARGS_MAX];
	size_t n = 0;
	*ret = (struct helper){ .pidfd = -1, .life_fd = -1 };
	if (!spec)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, -errno, "cannot make a socket for %s", spec->name);
	for (; spec->argv[n]; n++) {
		if (n == ARGS_MAX - 1) {
			fd_close(ends[0]);
			fd_close(ends[1]);
			return err_set(e, -E2BIG, "%s: more than %d rules", spec->name, ARGS_MAX);
		}
		const char *mark = strstr(spec->argv[n], "%FD%");
		argv[n] = spec->argv[n];
		if (mark) {
			(void)snprintf(number, sizeof(number), "%.*s%d",
				(int)(mark - spec->argv[n]), spec->argv[n], ends[1]);
			argv[n] = number;
		}
	}
	argv[n] = NULL;
	const struct proc_spec proc = { .path = spec->path, .argv = argv, .stdin_fd = -1,
		.stdout_fd = -1, .stderr_fd = -1, .keep_fd = ends[1] };
	ret->pid = proc_start(&proc, &ret->pidfd, e);
	fd_close(ends[1]);
	ret->life_fd = ends[0];
	return ret->pid < 0 ? ret->pid : 0;
}

int helper_wait_ready(const struct helper_spec *spec, struct helper *h, struct err *e)
{
	char byte;
	if (!spec)
		return 0;
	struct pollfd fd = { .fd = h->life_fd, .events = POLLIN };
	int r = RETRY(poll(&fd, 1, READY_MS));
	if (r > 0 && read(h->life_fd, &byte, 1) == 1)
		return 0;
	err_set(e, -ECHILD, r == 0 ? "%s was not ready within 5 s" : "%s ended before it was ready",
		spec->name);
	return err_hint(e, "is DBUS_SESSION_BUS_ADDRESS right? --dbus=none runs without the bus");
}

void helper_stop(struct helper *h)
{
	h->life_fd = fd_close(h->life_fd);
	if (h->pid > 0) {
		(void)kill(h->pid, SIGTERM); /* our unreaped child: the number is its own */
		(void)RETRY(waitpid(h->pid, NULL, 0));
	}
	h->pid = 0;
	h->pidfd = fd_close(h->pidfd);
}
