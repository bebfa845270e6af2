/* SPDX-License-Identifier: MIT */
/* helper.c - programs that run beside the sandbox for its whole life
 *
 * A helper is a run like the program's: a child in its own namespaces, which ends with us.
 * xdg-dbus-proxy (--fd) writes a byte to its end of the socket pair when it listens.
 */
#include "stage/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/explain.h"
#include "stage/stage.h"

enum { READY_MS = 5000 };

int helper_start(const struct helper_spec *spec, const sigset_t *mask, char *words,
	size_t words_size, struct helper *ret, struct err *e)
{
	int report[2];
	*ret = (struct helper){ .pidfd = -1, .report_fd = -1 };
	if (!spec)
		return 0;
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe for %s", spec->name);
	pid_t pid = sys_fork(stage_clone_flags(spec->ready), &ret->pidfd);
	if (pid < 0) {
		int error = -errno;
		fd_close(report[0]);
		fd_close(report[1]);
		return explain_clone(error, e);
	}
	if (pid == 0) {
		fd_close(report[0]);
		fd_close(spec->our_fd); /* else it would not see our end closed */
		child_main(&(struct child){ .rd = spec->ready,
			.report_fd = report[1],
			.go_fd = -1,
			.mask = *mask,
			.words = words,
			.words_size = words_size });
	}
	fd_close(report[1]);
	fd_close(spec->its_fd);
	ret->pid = pid;
	ret->report_fd = report[0];
	return 0;
}

/* Whether its own start failed, and how. */
static int failed(const struct helper_spec *spec, struct helper *h, struct err *e)
{
	struct report report;
	while (fd_read_full(h->report_fd, &report, sizeof(report)) ==
		(ssize_t)sizeof(report)) {
		if (report.kind != REPORT_FAILED)
			continue;
		explain_report(spec->ready, &report, e);
		return err_wrap(e, "%s", spec->name);
	}
	err_set(e, -ECHILD, "%s ended before it was ready", spec->name);
	return err_hint(
		e, "is DBUS_SESSION_BUS_ADDRESS right? --dbus=none runs without the bus");
}

int helper_wait_ready(const struct helper_spec *spec, struct helper *h, struct err *e)
{
	char byte;
	if (!spec)
		return 0;
	struct pollfd fd = { .fd = spec->our_fd, .events = POLLIN };
	int r = RETRY(poll(&fd, 1, READY_MS));
	if (r == 0)
		return err_set(e, -ETIMEDOUT, "%s was not ready within 5 s", spec->name);
	if (read(spec->our_fd, &byte, 1) == 1)
		return 0;
	return failed(spec, h, e);
}

void helper_stop(const struct helper_spec *spec, struct helper *h)
{
	if (spec)
		fd_close(spec->our_fd);
	if (h->pid > 0) {
		(void)sys_pidfd_send_signal(h->pidfd, SIGKILL, 0);
		(void)RETRY(waitpid(h->pid, NULL, 0));
	}
	h->pid = 0;
	h->report_fd = fd_close(h->report_fd);
	h->pidfd = fd_close(h->pidfd);
}
