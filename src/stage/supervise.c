/* SPDX-License-Identifier: MIT */
/* supervise.c - the parent while the program runs: signals, time limit, the end
 *
 * One loop over descriptors: the child's reports, what the start still waits for, init's
 * and the helpers' pidfds, and a signalfd. Signals that a person or a program sent are
 * forwarded through init; those that the terminal sent (SI_KERNEL) have reached the program
 * already.
 */
#include "stage/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "config/settings.h"
#include "config/show.h"
#include "stage/control.h"
#include "stage/enlist.h"
#include "stage/explain.h"
#include "stage/flush.h"
#include "stage/group.h"
#include "stage/report.h"
#include "stage/side.h"
#include "stage/status.h"

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
	SIGALRM, SIGWINCH, SIGCONT };
/* A reader that is gone is EPIPE, not our end; and whether a terminal's stop stops anything is
 * for the program to decide: we stop when it has (on_stopped). */
static const int not_ours[] = { SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };
enum {
	GRACE_MS = 2000, /* between SIGTERM and SIGKILL at the time limit */
	AWAIT_MS = 10000, /* for all that the start waits for */
	ENLIST_MS = 10, /* what has ended by then nobody could have seen on a list */
	CPU_LOOK_MS = 10, /* at least, between two looks at the processor time */
};

struct run_state {
	struct supervisor *s;
	int64_t deadline_ms; /* -1: none */
	int64_t cpu_look_ms; /* when to look at the processor time again; -1: never */
	int64_t await_ms; /* until when all that is awaited must be there; -1: it is */
	int64_t enlist_ms; /* when it is put on the list; -1: it is, or need not be */
	struct run_end end; /* so far */
};

bool supervise_forwards(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		if (forwarded[i] == sig)
			return true;
	return false;
}

int supervise_block_signals(sigset_t *ret_mask, int *ret_signal_fd, struct err *e)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	sigaddset(&set, FORWARDED); /* for init, too, until it waits for it */
	sigset_t blocked = set;
	for (size_t i = 0; i < ARRAY_SIZE(not_ours); i++)
		sigaddset(&blocked, not_ours[i]);
	if (sigprocmask(SIG_BLOCK, &blocked, ret_mask) < 0)
		return err_sys(e, -errno, "cannot block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, -errno, "cannot wait for signals");
	*ret_signal_fd = fd;
	return 0;
}

void supervise_restore_signals(const sigset_t *mask)
{
	sigset_t pending;
	sigemptyset(&pending);
	sigaddset(&pending, FORWARDED);
	for (size_t i = 0; i < ARRAY_SIZE(not_ours); i++)
		sigaddset(&pending, not_ours[i]);
	while (sigtimedwait(&pending, NULL, &(struct timespec){ 0 }) > 0)
		;
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* A stopped process keeps no time, and a program that stops itself has us stopped too
 * (on_stopped): so at the limit the kernel lets us continue, and some seconds after that
 * again, for a stop takes away a signal to continue that was waiting. */
static int wake_at_limit(int64_t limit_ms, struct err *e)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	for (int64_t ms = limit_ms; ms <= limit_ms + 2 * GRACE_MS; ms += 1000) {
		const struct itimerspec when = { .it_value = { .tv_sec = ms / 1000,
							 .tv_nsec =
								 ms % 1000 * 1000000 } };
		timer_t timer;
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
			timer_settime(timer, 0, &when, NULL) < 0)
			return err_sys(e, -errno, "cannot set the time limit");
	}
	return 0;
}

static void forward(const struct run_state *st, int sig)
{
	/* ESRCH: init has ended, which the loop is about to see */
	(void)sys_pidfd_send_signal(st->s->init_pidfd, FORWARDED, sig);
}

/* With the host's process ids, init's end would leave alone what the program has started, and
 * init alone knows it. */
static void kill_all(const struct run_state *st)
{
	if (st->end.started && st->s->rd->plan->pid == SHARING_HOST) {
		forward(st, SIGKILL);
		(void)sys_pidfd_send_signal(st->s->init_pidfd, SIGCONT, 0);
	} else {
		(void)sys_pidfd_send_signal(st->s->init_pidfd, SIGKILL, 0);
	}
	group_kill(st->s->group);
}

/* Before there is a program, a wish to end ends the start, wherever it hangs. */
static void on_signal(struct run_state *st, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;
	bool ends = sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT;
	if (sig == FORWARDED) { /* from another sbox (running_kill) */
		if (info->ssi_code == SI_QUEUE && info->ssi_int == SIGKILL)
			kill_all(st);
	} else if (!st->end.started && ends) {
		st->end.interrupted = sig;
		kill_all(st);
	} else if (sig == SIGHUP || /* only a session's leader gets it, which may be us */
		(info->ssi_code != SI_KERNEL && info->ssi_code != SI_TIMER)) {
		forward(st, sig);
	}
}

static void on_signals(struct run_state *st)
{
	struct signalfd_siginfo info;
	while (read(st->s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		on_signal(st, &info);
}

/* The one of our descriptors that is the controlling terminal, -1 for none. */
static int terminal_fd(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (tcgetpgrp(fd) > 0)
			return fd;
	return -1;
}

/* Whether the leader of the process group is one of the sandbox's. */
static bool is_inside(const struct supervisor *s, pid_t group)
{
	pid_t pid = group;
	while (pid > 1 && pid != s->init)
		pid = proc_parent(pid);
	return pid == s->init;
}

static void enlist_now(struct run_state *st)
{
	st->enlist_ms = -1;
	enlist(st->s->rd, st->s->init, st->s->group);
}

/* The caller's shell shall see its job stopped, and when it goes on, so shall the program.
 * The shell gives its terminal to our process group; a shell inside that had made another
 * group the terminal's finds it so again. */
static void on_stopped(struct run_state *st)
{
	if (st->end.limit != SET_COUNT)
		return;
	if (st->enlist_ms >= 0)
		enlist_now(st);
	int terminal = terminal_fd();
	pid_t group = tcgetpgrp(terminal), ours = getpgrp();
	bool theirs = group > 0 && is_inside(st->s, group);
	(void)raise(SIGSTOP);
	if (theirs && tcgetpgrp(terminal) == ours)
		(void)tcsetpgrp(terminal, group); /* EPERM: that group has ended */
	/* at the limit it is not to go on but to end (on_deadline) */
	if (st->deadline_ms < 0 || now_ms() < st->deadline_ms)
		forward(st, SIGCONT);
}

static void on_started(struct run_state *st)
{
	const struct ready *rd = st->s->rd;
	st->end.started = true;
	if (st->end.failed)
		return;
	st->enlist_ms = now_ms() + ENLIST_MS;
	if (rd->plan->json_status_fd >= 0)
		enlist_now(st); /* who waits for the word may look at the list next */
	status_started(rd, st->s->init, group_held(st->s->group));
	if (rd->plan->cpu_time_ns > 0 && rd->limits.way != GROUP_NONE)
		st->cpu_look_ms = now_ms();
}

static void on_report(struct run_state *st, const struct report *report, struct err *e)
{
	const struct ready *rd = st->s->rd;
	switch (report->kind) {
	case REPORT_FAILED:
		if (!st->end.failed)
			st->end.failed = explain_report(rd, report, e);
		break;
	case REPORT_STARTED:
		on_started(st);
		break;
	case REPORT_STOPPED:
		on_stopped(st);
		break;
	case REPORT_EXITED:
		st->end.have_status = true;
		st->end.status = report->value;
		break;
	}
}

/* False at the end of the pipe. */
static bool read_reports(struct run_state *st, struct err *e)
{
	struct report report;
	ssize_t n = fd_read_full(st->s->report_fd, &report, sizeof(report));
	if (n != (ssize_t)sizeof(report))
		return false;
	on_report(st, &report, e);
	return true;
}

/* At a time limit the program is asked to end, and is ended when it does not. */
static void on_limit(struct run_state *st, enum setting_id id)
{
	st->cpu_look_ms = -1;
	if (st->end.limit == SET_COUNT) {
		st->end.limit = id;
		st->deadline_ms = now_ms() + GRACE_MS;
		forward(st, SIGTERM);
		forward(st, SIGCONT); /* a stopped program could not end */
	} else {
		st->deadline_ms = -1;
		kill_all(st);
	}
}

/* The rest cannot be used up faster than by all processors at once. */
static void look_at_cpu_time(struct run_state *st)
{
	const int64_t limit_us = st->s->rd->plan->cpu_time_ns / 1000;
	int64_t used_us = group_cpu_us(st->s->group);
	if (used_us >= limit_us) {
		on_limit(st, SET_CPU_TIME);
		return;
	}
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t wait = (limit_us - used_us) / 1000 / (cpus > 0 ? cpus : 1);
	st->cpu_look_ms = now_ms() + (wait > CPU_LOOK_MS ? wait : CPU_LOOK_MS);
}

struct watched *supervise_watch(
	struct supervisor *s, const char *name, int pidfd, enum setting_id by)
{
	struct watched *w = &s->watched[s->n_watched++];
	*w = (struct watched){ .name = name, .pidfd = pidfd, .by = by };
	return w;
}

/* The zombie is left to whoever waits for it. When the program has ended, what it served goes
 * away under the server's hands, and fuse-overlayfs may call that an error; but one that was
 * killed has perhaps not written all. */
static bool ended_well(const struct run_state *st, int pidfd)
{
	siginfo_t info = { 0 };
	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
		info.si_code == CLD_EXITED &&
		(info.si_status == 0 || st->end.have_status);
}

static void on_helper_end(struct run_state *st, struct watched *w)
{
	char buf[SIDE_WORDS_MAX];
	const struct plan *p = st->s->rd->plan;
	bool served = w->serves && ended_well(st, w->pidfd);
	w->pidfd = -1; /* borrowed */
	if (served)
		return;
	if (w->by == SET_COUNT) {
		log_warning("%s has ended; the program goes on without it", w->name);
		return;
	}
	if (st->end.helper_lost)
		return;
	st->end.helper_lost = true;
	const char *words = w->side ? side_words(w->side, buf) : "";
	log_error("%s has ended, and so does the program (%s = %s, %s)%s%s", w->name,
		settings[w->by].key, setting_text(p, w->by),
		origin_text(p->arena, &p->origin[w->by]), *words ? ": " : "", words);
	kill_all(st);
}

/* What serves the program's files ends by itself when the last mount has gone, with all that
 * was to be written. A layer in memory needs no waiting for, but the program's failure can be
 * its server's end: the device is closed, and a page of the program gone (SIGBUS), a moment
 * before the process is seen to have ended. */
static void await_served(struct run_state *st)
{
	bool well = st->end.have_status && WIFEXITED(st->end.status) &&
		!WEXITSTATUS(st->end.status);
	struct flush f;
	flush_init(&f, st->s->signal_fd, st->s->rd->plan->layer);
	for (size_t i = 0; i < st->s->n_watched; i++) {
		struct watched *w = &st->s->watched[i];
		if (w->pidfd < 0 || !w->serves || (well && !w->keeps))
			continue;
		if (flush_await(&f, w->pidfd, w->keeps))
			on_helper_end(st, w);
		else if (w->keeps)
			st->end.helper_lost = true;
	}
	if (f.ended)
		st->end.interrupted = f.ended;
}

static void fail(struct run_state *st, int error)
{
	st->end.failed = error;
	st->await_ms = -1;
	kill_all(st);
}

/* The first that is not there yet; NULL when all is. */
static struct awaited *missing(const struct run_state *st)
{
	for (size_t i = 0; i < st->s->n_awaited; i++)
		if (!st->s->awaited[i].done)
			return &st->s->awaited[i];
	return NULL;
}

static void on_await_limit(struct run_state *st, struct err *e)
{
	fail(st,
		err_set(e, -ETIMEDOUT, "%s was not ready within %d s", missing(st)->name,
			AWAIT_MS / 1000));
}

/* Whatever has come; the program may go when nothing is missing any more. */
static void look(struct run_state *st, const struct pollfd *fds, struct err *e)
{
	struct supervisor *s = st->s;
	for (size_t i = 0; i < s->n_awaited && !st->end.failed; i++) {
		struct awaited *w = &s->awaited[i];
		if (w->done || !fds[i].revents)
			continue;
		int r = w->look(w, e);
		if (r < 0)
			fail(st, r);
	}
	if (st->end.failed || missing(st))
		return;
	st->await_ms = -1;
	(void)control_send(s->control_fd, CONTROL_GO, -1); /* EPIPE: it has failed */
}

/* Until when poll(2) may wait. */
static int wait_ms(const struct run_state *st)
{
	enum { LONG_MS = 3600000 };
	const int64_t times[] = { st->deadline_ms, st->await_ms, st->cpu_look_ms,
		st->enlist_ms };
	int64_t until = -1;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (times[i] >= 0 && (until < 0 || times[i] < until))
			until = times[i];
	if (until < 0)
		return -1;
	int64_t left = until - now_ms();
	return left > LONG_MS ? LONG_MS : left < 0 ? 0 : (int)left;
}

static void check_times(struct run_state *st, struct err *e)
{
	int64_t now = now_ms();
	if (st->enlist_ms >= 0 && st->enlist_ms <= now)
		enlist_now(st);
	if (st->deadline_ms >= 0 && st->deadline_ms <= now)
		on_limit(st, SET_TIMEOUT);
	if (st->cpu_look_ms >= 0 && st->cpu_look_ms <= now)
		look_at_cpu_time(st);
	if (st->await_ms >= 0 && st->await_ms <= now)
		on_await_limit(st, e);
}

enum { POLL_REPORT, POLL_INIT, POLL_SIGNAL, POLL_CHANGES, POLL_ASKED, POLL_AWAITED };
enum {
	POLL_WATCHED = POLL_AWAITED + AWAITED_MAX,
	POLL_COUNT = POLL_WATCHED + WATCHED_MAX
};

/* How many of @fds there are: poll(2) takes no more than descriptors may be open. */
static nfds_t fill_poll(const struct run_state *st, bool reports, struct pollfd *fds)
{
	nfds_t n = POLL_COUNT;
	const struct supervisor *s = st->s;
	for (size_t i = 0; i < POLL_COUNT; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	fds[POLL_REPORT].fd = reports ? s->report_fd : -1;
	fds[POLL_INIT].fd = s->init_pidfd;
	fds[POLL_SIGNAL].fd = s->signal_fd;
	fds[POLL_CHANGES].fd = s->changes.fd;
	fds[POLL_ASKED].fd = s->asked.fd;
	for (size_t i = 0; st->await_ms >= 0 && i < s->n_awaited; i++)
		fds[POLL_AWAITED + i].fd = s->awaited[i].done ? -1 : s->awaited[i].fd;
	for (size_t i = 0; i < s->n_watched; i++)
		fds[POLL_WATCHED + i].fd = s->watched[i].pidfd;
	while (fds[n - 1].fd < 0)
		n--;
	return n;
}

static void loop(struct run_state *st, struct err *e)
{
	struct supervisor *s = st->s;
	struct pollfd fds[POLL_COUNT];
	bool reports = true;
	for (;;) {
		nfds_t n = fill_poll(st, reports, fds);
		check_times(st, e);
		if (RETRY(poll(fds, n, wait_ms(st))) < 0) {
			fail(st, err_sys(e, -errno, "cannot wait for the sandbox"));
			return;
		}
		if (fds[POLL_REPORT].revents)
			reports = read_reports(st, e);
		if (st->await_ms >= 0)
			look(st, fds + POLL_AWAITED, e);
		if (fds[POLL_SIGNAL].revents)
			on_signals(st);
		if (fds[POLL_CHANGES].revents)
			s->changes.look(s->changes.data);
		if (fds[POLL_ASKED].revents)
			s->asked.look(s->asked.data);
		for (size_t i = 0; i < s->n_watched; i++)
			if (fds[POLL_WATCHED + i].revents)
				on_helper_end(st, &s->watched[i]);
		/* last: what init had to say is in the pipe before it ends */
		if (fds[POLL_INIT].revents && !(fds[POLL_REPORT].revents & POLLIN))
			return;
	}
}

/* A shell inside makes its own process groups the terminal's, and cannot name ours to give it
 * back; it is dead now, and whoever waits for us could not read. Nor could anybody open the
 * terminal anew, or see anything on it, where the program has left it closed to others or
 * halted, which no key undoes. */
static void retake_terminal(void)
{
	int terminal = terminal_fd();
	pid_t group = tcgetpgrp(terminal);
	if (group > 0) {
		(void)ioctl(terminal, TIOCNXCL);
		(void)tcflow(terminal, TCOON);
	}
	if (group > 0 && kill(-group, 0) < 0 && errno == ESRCH)
		(void)tcsetpgrp(terminal, getpgrp());
}

struct run_end supervise(struct supervisor *s, struct err *e)
{
	struct run_state st = { .s = s,
		.deadline_ms = -1,
		.await_ms = -1,
		.cpu_look_ms = -1,
		.enlist_ms = -1,
		.end = { .limit = SET_COUNT } };
	if (s->n_awaited > 0)
		st.await_ms = now_ms() + AWAIT_MS;
	int64_t limit_ms = (s->rd->plan->timeout_ns + 999999) / 1000000;
	if (limit_ms > 0) {
		st.deadline_ms = now_ms() + limit_ms;
		st.end.failed = wake_at_limit(limit_ms, e);
		if (st.end.failed < 0)
			kill_all(&st);
	}
	loop(&st, e);
	/* the zombie is taken only now, so that its number could not be anybody else's */
	(void)RETRY(waitpid(s->init, &(int){ 0 }, 0));
	retake_terminal();
	await_served(&st);
	return st.end;
}
