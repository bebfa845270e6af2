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
#include "stage/control.h"
#include "stage/explain.h"
#include "stage/group.h"
#include "stage/helper.h"
#include "stage/idmap.h"
#include "stage/network.h"
#include "stage/overlay_server.h"
#include "stage/stage.h"
#include "stage/supervise.h"

struct start {
	const struct ready *rd;
	struct child child;
	struct supervisor supervisor;
	struct helper dbus, sound;
	struct group *group;
	struct network_run network;
	struct overlay_run overlay;
	bool program_heard;
	int report[2], control[2];
};

static int make_pipes(struct start *s, struct err *e)
{
	if (pipe2(s->report, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe");
	int r = 0;
	if (s->rd->map_range || stage_is_awaited(s->rd))
		r = control_pair(s->control);
	if (r < 0)
		return err_sys(e, r, "cannot make a socket");
	s->child.report_fd = s->report[1];
	s->child.control_fd = s->control[1];
	s->supervisor.report_fd = s->report[0];
	s->supervisor.control_fd = s->control[0];
	return 0;
}

static int make_child(struct start *s, struct err *e)
{
	pid_t pid = sys_fork(stage_clone_flags(s->rd), &s->supervisor.init_pidfd);
	if (pid < 0)
		return explain_clone(-errno, e);
	if (pid == 0) {
		s->report[0] = fd_close(s->report[0]);
		/* else the parent's end would go unnoticed */
		s->control[0] = fd_close(s->control[0]);
		child_main(&s->child);
	}
	s->supervisor.init = pid;
	s->report[1] = fd_close(s->report[1]);
	s->control[1] = fd_close(s->control[1]);
	return 0;
}

/* The child waits for the word; EPIPE means that it has failed, and its report says so. */
static int map_ids(struct start *s, struct err *e)
{
	if (!s->rd->map_range)
		return 0;
	int r = idmap_write(s->rd, s->supervisor.init, e);
	if (r == 0)
		(void)control_send(s->control[0], CONTROL_GO, -1);
	return r;
}

static void await(struct start *s, struct awaited awaited)
{
	s->supervisor.awaited[s->supervisor.n_awaited++] = awaited;
}

static struct awaited *awaited_with(struct start *s, void *data)
{
	for (size_t i = 0; i < s->supervisor.n_awaited; i++)
		if (s->supervisor.awaited[i].data == data)
			return &s->supervisor.awaited[i];
	return NULL;
}

/* What the program's process has to tell; at its end its report says why. */
static int look_at_program(struct awaited *w, struct err *e)
{
	struct start *s = w->data;
	pid_t pid;
	int ns = -1;
	int kind = control_receive(w->fd, &pid, &ns);
	if (kind <= 0) {
		w->fd = -1;
		return kind < 0 ? err_sys(e, kind, "cannot hear the program's process")
				: 0;
	}
	int r = 0;
	if (kind == CONTROL_USER)
		overlay_enter(&s->overlay, ns);
	else if (kind == CONTROL_MEMORY)
		overlay_lend(&s->overlay, ns);
	else if (kind == CONTROL_OVERLAY)
		r = overlay_serve(&s->overlay, ns, e);
	else if (kind == CONTROL_NETWORK)
		r = network_begin(&s->network, ns, awaited_with(s, &s->network), e);
	else if (group_is_awaited(s->group))
		r = group_program(s->group, pid, awaited_with(s, s->group), e);
	s->program_heard |= kind == CONTROL_PROGRAM;
	w->done = s->program_heard && overlay_all_served(&s->overlay) &&
		(!s->rd->network || s->network.net_ns >= 0);
	return r;
}

static void expect_helper(struct start *s, struct helper *h)
{
	if (!h->spec)
		return;
	await(s,
		(struct awaited){ .name = h->spec->name,
			.fd = h->spec->our_fd,
			.look = helper_look,
			.data = h });
	supervise_watch(&s->supervisor, h->spec->name, h->pidfd, SET_COUNT);
}

static void expect_helpers(struct start *s)
{
	if (stage_is_awaited(s->rd))
		await(s,
			(struct awaited){ .name = "the program's process",
				.fd = s->control[0],
				.look = look_at_program,
				.data = s });
	if (group_is_awaited(s->group))
		await(s,
			(struct awaited){ .name = "the control group for the limits",
				.fd = -1,
				.look = group_look,
				.data = s->group });
	if (s->rd->network)
		await(s,
			(struct awaited){ .name = s->rd->network->helper,
				.fd = -1,
				.look = network_look,
				.data = &s->network });
	expect_helper(s, &s->dbus);
	expect_helper(s, &s->sound);
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
		s->control[i] = fd_close(s->control[i]);
	}
	s->supervisor.init_pidfd = fd_close(s->supervisor.init_pidfd);
	s->supervisor.signal_fd = fd_close(s->supervisor.signal_fd);
}

static bool has_terminal(void)
{
	_cleanup_fd_ int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 || errno != ENXIO; /* in doubt as if there were one */
}

int run_sandbox(const struct ready *rd, struct group *group, char *words,
	size_t words_size, bool *ret_started, struct err *e)
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
			.changes.fd = -1,
			.group = group },
		.group = group,
		.dbus = { .pidfd = -1, .report_fd = -1 },
		.sound = { .pidfd = -1, .report_fd = -1 },
		.report = { -1, -1 },
		.control = { -1, -1 },
	};
	*ret_started = false;
	network_init(&s.network, rd, &s.supervisor);
	overlay_init(&s.overlay, rd, &s.supervisor);

	int r = idmap_check(rd, e);
	if (r == 0)
		r = supervise_block_signals(&s.child.mask, &s.supervisor.signal_fd, e);
	if (r == 0)
		r = make_pipes(&s, e);
	if (r == 0)
		r = helper_start(rd->dbus, &s.child.mask, words, words_size, &s.dbus, e);
	if (r == 0)
		r = helper_start(
			rd->sound, &s.child.mask, words, words_size, &s.sound, e);
	if (r == 0)
		r = make_child(&s, e);
	if (r == 0) {
		r = map_ids(&s, e);
		if (r < 0)
			kill_child(&s);
	}
	if (r == 0) {
		expect_helpers(&s);
		struct run_end end = supervise(&s.supervisor, e);
		r = end_tell(&end, s.group, &s.network, e);
		*ret_started = r >= 0;
	}
	helper_stop(&s.dbus);
	helper_stop(&s.sound);
	network_stop(&s.network);
	overlay_stop(&s.overlay);
	if (s.supervisor.signal_fd >= 0)
		supervise_restore_signals(&s.child.mask);
	close_all(&s);
	return r;
}
