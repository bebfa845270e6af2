/* SPDX-License-Identifier: MIT */
/* running.c - what is done to an instance that runs: signals, freezing, limits
 *
 * It is done from outside, by another call of sbox. The supervisor is held by a pidfd and its
 * lock on the folder (registry.c), so nobody else is ever meant. What else its text names is
 * taken from it only where the supervisor's own relations bear it out.
 */
#include "stage/running.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "config/settings.h"
#include "resolve/group.h"
#include "resolve/host.h"
#include "stage/group.h"
#include "stage/supervise.h"

/* ---- its group ---- */

static int open_group(const struct handle *h)
{
	const char *group = h->info.state.group;
	if (!group || h->info.pid != h->info.state.pid)
		return -ENODATA;
	_cleanup_fd_ int top = open(GROUP_TOP, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	_cleanup_fd_ int fd = path_open_beneath(top, path_rest(group, "/"), O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	/* it lives, so the group is still its own, and not one of the same name */
	return handle_lives(h) ? TAKE_FD(fd) : -ESRCH;
}

int running_group(const struct handle *h, int *ret_fd, struct err *e)
{
	const char *id = h->info.state.id;
	int fd = open_group(h);
	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	if (fd == -ESRCH)
		return err_set(e, -ESRCH, "the sandbox '%s' has ended", id);
	if (fd != -ENODATA)
		return err_sys(e, fd, "cannot open the control group '" GROUP_TOP "%s'",
			h->info.state.group);
	if (h->info.state.pid == 0)
		return err_set(e, fd, "the sandbox '%s' has not told of itself yet", id);
	err_set(e, fd, "the sandbox '%s' has no control group", id);
	return err_hint(e, "--limits=group at its start gives it one");
}

/* The name of the scope that was made for it; NULL: it has none. */
static const char *scope_of(struct arena *a, const char *group)
{
	const char *end = strrchr(group, '/');
	const char *scope = path_basename(arena_strndup(a, group, (size_t)(end - group)));
	return str_starts(scope, "app-sbox-") && str_ends(scope, ".scope") ? scope : NULL;
}

int running_weigh(const struct handle *h, int group, const struct group_write *w,
	struct arena *a, const struct host *host, struct err *e)
{
	char said[512];
	const char *key = settings[w->id].key;
	const char *dir = group_manager(a, host);
	const char *scope = scope_of(a, h->info.state.group);
	if (!dir || !scope)
		return err_set(e, -ENOTSUP,
			"%s: only a user manager of systemd can give a weight, and it did not "
			"make the group of '%s'",
			key, h->info.state.id);
	int r = group_has_weight(group, w, NULL, e);
	if (r != -EPROTO)
		return r; /* it has it already, or it cannot */
	char *property = arena_printf(a, "%s=%s", w->property, w->value);
	char *argv[] = { "sbox-scope", "set", (char *)dir, (char *)scope, property,
		NULL };
	r = proc_capture(
		host_libexec(host, a, "sbox-scope"), argv, 1, said, sizeof(said), e);
	if (r < 0)
		return r;
	if (r == 0)
		return group_has_weight(group, w, NULL, e);
	said[strcspn(said, "\n")] = '\0';
	char safe[512];
	str_escape_controls(safe, sizeof(safe), said);
	return err_set(e, -ENOTSUP, "%s: systemd gave no other weight: %s", key, safe);
}

/* ---- signals ---- */

static int not_seen(const struct handle *h, struct err *e)
{
	err_set(e, -ESRCH,
		"the sandbox '%s' runs in a pid namespace that is not seen here",
		h->info.state.id);
	return err_hint(e, "it was started in a container; use sbox there");
}

static int send_to(const struct handle *h, int sig, struct err *e)
{
	if (sys_pidfd_send_signal(h->pidfd, sig, 0) == 0)
		return 0;
	if (errno == ESRCH)
		return err_set(e, -ESRCH, "the sandbox '%s' has ended", h->info.state.id);
	return err_sys(
		e, -errno, "cannot send a signal to the sandbox '%s'", h->info.state.id);
}

int running_signal(const struct handle *h, int sig, struct err *e)
{
	if (h->pidfd < 0)
		return not_seen(h, e);
	int r = send_to(h, sig, e);
	if (r < 0 || sig != SIGTERM)
		return r;
	(void)send_to(h, SIGCONT, &(struct err){ 0 }); /* it may have ended by now */
	_cleanup_fd_ int group = open_group(h);
	if (group >= 0)
		(void)fd_write_file(group, "cgroup.freeze", "0");
	return 0;
}

/* init, if that is what the text says: a child of the supervisor, and so no recycled number
 * while that one lives. A pidfd or -1. */
static int open_init(const struct handle *h)
{
	if (h->info.pid != h->info.state.pid || h->info.state.init <= 0)
		return -1;
	_cleanup_fd_ int fd = sys_pidfd_open(h->info.state.init);
	bool child = fd >= 0 && proc_parent(h->info.state.init) == h->info.pid;
	return child && handle_lives(h) ? TAKE_FD(fd) : -1;
}

enum {
	ASKED_MS = 1000
}; /* for the supervisor to end all, before init is ended without it */

int running_kill(const struct handle *h, struct err *e)
{
	if (h->pidfd < 0)
		return not_seen(h, e);
	_cleanup_fd_ int init = open_init(h);
	_cleanup_fd_ int group = open_group(h);
	if (group >= 0) /* 5.14 */
		(void)fd_write_file(group, "cgroup.kill", "1");
	/* the supervisor's end would end init, too, but nobody would tell the caller why */
	if (init < 0)
		return send_to(h, SIGKILL, e);
	/* it knows what its end takes; a stopped one could not look after what is left */
	(void)sys_pidfd_send_signal(h->pidfd, FORWARDED, SIGKILL);
	(void)send_to(h, SIGCONT, &(struct err){ 0 });
	struct pollfd end = { .fd = init, .events = POLLIN };
	if (RETRY(poll(&end, 1, ASKED_MS)) > 0)
		return 0;
	if (sys_pidfd_send_signal(init, SIGKILL, 0) < 0 && errno != ESRCH)
		return err_sys(
			e, -errno, "cannot kill the sandbox '%s'", h->info.state.id);
	return 0;
}

/* ---- freezing ---- */

static bool is_frozen(int events)
{
	char text[256];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return strstr(text, "frozen 1");
}

/* The kernel wakes whoever polls the file at each change (POLLPRI). */
static int await_frozen(int group, bool frozen, int wait_ms)
{
	_cleanup_fd_ int events = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (events < 0)
		return -errno;
	int64_t until = now_ms() + wait_ms;
	while (is_frozen(events) != frozen) {
		struct pollfd change = { .fd = events, .events = POLLPRI };
		int64_t left = until - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&change, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
	return 0;
}

int running_freeze(const struct handle *h, bool freeze, int wait_ms, struct err *e)
{
	const char *what = freeze ? "pause" : "resume", *id = h->info.state.id;
	_cleanup_fd_ int group = -1;
	int r = running_group(h, &group, e);
	if (r < 0)
		return r;
	r = fd_write_file(group, "cgroup.freeze", freeze ? "1" : "0");
	if (r == 0)
		r = await_frozen(group, freeze, wait_ms);
	if (r == -ENODEV)
		return err_set(e, -ESRCH, "the sandbox '%s' has ended", id);
	if (r != -ETIMEDOUT)
		return r < 0 ? err_sys(e, r, "cannot %s the sandbox '%s'", what, id) : 0;
	err_set(e, r, "the sandbox '%s' does not %s: a process of it waits in the kernel",
		id, freeze ? "stop" : "go on");
	return err_hint(e,
		"it will once that process comes out; 'sbox %s %s' takes it back",
		freeze ? "resume" : "pause", id);
}
