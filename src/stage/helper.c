/* SPDX-License-Identifier: MIT */
/* helper.c - programs that run beside the sandbox for its whole life
 *
 * A helper is a run like the program's: a child in its own namespaces, which ends with us.
 * xdg-dbus-proxy and sbox-sound write a byte to their end of the socket pair when they
 * listen.
 */
#include "stage/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/explain.h"
#include "stage/stage.h"

int helper_start(const struct helper_spec *spec, const sigset_t *mask, char *words,
	size_t words_size, struct helper *ret, struct err *e)
{
	int report[2];
	*ret = (struct helper){ .spec = spec, .pidfd = -1, .report_fd = -1 };
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
			.control_fd = -1,
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
	return err_hint(e, "%s", spec->hint);
}

int helper_look(struct awaited *w, struct err *e)
{
	struct helper *h = w->data;
	char byte;
	if (read(w->fd, &byte, 1) != 1)
		return failed(h->spec, h, e);
	w->done = true;
	return 0;
}

void helper_stop(struct helper *h)
{
	if (h->spec)
		fd_close(h->spec->our_fd);
	if (h->pid > 0) {
		(void)sys_pidfd_send_signal(h->pidfd, SIGKILL, 0);
		(void)RETRY(waitpid(h->pid, NULL, 0));
	}
	h->pid = 0;
	h->report_fd = fd_close(h->report_fd);
	h->pidfd = fd_close(h->pidfd);
}
