/* SPDX-License-Identifier: MIT */
/* run.c - one run from ready to its end: the parent's side, as a contents page
 *
 * The helper that takes longest is started first and waited for last. Whatever fails, the
 * child is killed and reaped before this returns: a failed start leaves no process.
 */
#include "stage/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "stage/explain.h"
#include "stage/helper.h"
#include "stage/idmap.h"
#include "stage/stage.h"
#include "stage/supervise.h"

struct start {
	const struct ready *rd;
	struct child child;
	struct supervisor supervisor;
	struct helper dbus;
	int report[2], go[2];
};

static int make_pipes(struct start *s, struct err *e)
{
	if (pipe2(s->report, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe");
	if ((s->rd->map_range || s->rd->dbus) && pipe2(s->go, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe");
	s->child.report_fd = s->report[1];
	s->child.go_fd = s->go[0];
	s->supervisor.report_fd = s->report[0];
	return 0;
}

static int make_child(struct start *s, struct err *e)
{
	pid_t pid = sys_fork(stage_clone_flags(s->rd), &s->supervisor.init_pidfd);
	if (pid < 0)
		return explain_clone(-errno, e);
	if (pid == 0) {
		s->report[0] = fd_close(s->report[0]);
		s->go[1] =
			fd_close(s->go[1]); /* else the parent's end would go unnoticed */
		child_main(&s->child);
	}
	s->supervisor.init = pid;
	s->report[1] = fd_close(s->report[1]);
	s->go[0] = fd_close(s->go[0]);
	return 0;
}

/* The child waits for this byte; EPIPE means that it has failed, and its report says so. */
static void go(struct start *s)
{
	(void)!write(s->go[1], "g", 1);
}

static int help_child(struct start *s, struct err *e)
{
	int r = 0;
	if (s->rd->map_range) {
		r = idmap_write(s->rd, s->supervisor.init, e);
		if (r == 0)
			go(s);
	}
	if (r == 0 && s->rd->dbus) {
		r = helper_wait_ready(s->rd->dbus, &s->dbus, e);
		if (r == 0)
			go(s);
		s->supervisor.helper_pidfd = s->dbus.pidfd;
		s->supervisor.helper_name = s->rd->dbus->name;
	}
	s->go[1] = fd_close(s->go[1]);
	return r;
}

static void kill_child(struct start *s)
{
	if (s->supervisor.init <= 0)
		return;
	(void)sys_pidfd_send_signal(s->supervisor.init_pidfd, SIGKILL, 0);
	(void)RETRY(waitpid(s->supervisor.init, NULL, 0));
}

static void close_all(struct start *s)
{
	for (size_t i = 0; i < 2; i++) {
		s->report[i] = fd_close(s->report[i]);
		s->go[i] = fd_close(s->go[i]);
	}
	s->supervisor.init_pidfd = fd_close(s->supervisor.init_pidfd);
	s->supervisor.signal_fd = fd_close(s->supervisor.signal_fd);
}

static bool has_terminal(void)
{
	_cleanup_fd_ int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 || errno != ENXIO; /* in doubt as if there were one */
}

int run_sandbox(const struct ready *rd, char *words, size_t words_size, bool *ret_started,
	struct err *e)
{
	struct start s = {
		.rd = rd,
		.child = { .rd = rd,
			.alone = !has_terminal(),
			.words = words,
			.words_size = words_size },
		.supervisor = { .rd = rd,
			.init_pidfd = -1,
			.signal_fd = -1,
			.helper_pidfd = -1 },
		.dbus = { .pidfd = -1, .report_fd = -1 },
		.report = { -1, -1 },
		.go = { -1, -1 },
	};
	*ret_started = false;

	int r = idmap_check(rd, e);
	if (r == 0)
		r = supervise_block_signals(&s.child.mask, &s.supervisor.signal_fd, e);
	if (r == 0)
		r = make_pipes(&s, e);
	if (r == 0)
		r = helper_start(rd->dbus, &s.child.mask, words, words_size, &s.dbus, e);
	if (r == 0)
		r = make_child(&s, e);
	if (r == 0) {
		r = help_child(&s, e);
		if (r < 0)
			kill_child(&s);
	}
	if (r == 0) {
		r = supervise(&s.supervisor, e);
		*ret_started = r >= 0;
	}
	helper_stop(rd->dbus, &s.dbus);
	if (s.supervisor.signal_fd >= 0)
		supervise_restore_signals(&s.child.mask);
	close_all(&s);
	return r;
}
