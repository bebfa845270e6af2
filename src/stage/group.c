/* SPDX-License-Identifier: MIT */
/* group.c - the control group that holds an instance's limits
 *
 * systemd's user manager makes a transient scope with Delegate=yes, and moves us and the
 * program's process into it: out of a login session's scope nobody else could, since the
 * group that both have in common is root's (cgroups(7), "Delegation containment"). The
 * request runs beside the making of the sandbox, in a program of its own (sbox-scope, which
 * needs libsystemd), and is awaited only before the program is executed.
 *
 * Then the scope is divided. Limits are on "payload", which the program's process is moved to
 * while it is still our own code; it makes its cgroup namespace there, so that its root is the
 * limited group, whose own limits the kernel lets nobody inside raise. We are in "supervisor",
 * out of the limits, and keep the scope alive until we have read what became of it. init and
 * helpers stay where the caller is: each process to be moved out of a session's scope costs
 * the manager a call to systemd's system manager, and they end with us.
 */
#include "stage/group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "config/settings.h"
#include "resolve/group.h"

/* ---- asking systemd ---- */

enum { WEIGHTS_MAX = 2 }; /* of processors, of disks */

/* The manager takes longer to receive a connection than to make a scope, and does it while
 * the helper is still being loaded. -1: the helper shall try in its own ways and time. */
static int connect_to_manager(const char *dir)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int len = snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/systemd/private", dir);
	if (len < 0 || (size_t)len >= sizeof(sun.sun_path))
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		fd = fd_close(fd);
	return fd;
}

static int ask(struct group *g, struct err *e)
{
	const struct limits *l = &g->rd->limits;
	_cleanup_fd_ int manager = connect_to_manager(l->manager_dir);
	char number[16];
	(void)snprintf(number, sizeof(number), "%d", manager);
	char *argv[5 + WEIGHTS_MAX + 1] = { "sbox-scope", "start", (char *)l->manager_dir,
		(char *)l->unit, number };
	for (size_t i = 0, n = 5; i < l->writes.n && n < ARRAY_SIZE(argv) - 1; i++)
		if (l->writes.v[i].property)
			argv[n++] = arena_printf(g->rd->plan->arena, "%s=%s",
				l->writes.v[i].property, l->writes.v[i].value);
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "cannot make a pipe");
	if (pipe2(out, O_CLOEXEC) < 0) {
		int error = -errno;
		fd_close(in[0]);
		fd_close(in[1]);
		return err_sys(e, error, "cannot make a pipe");
	}
	pid_t pid = proc_start(&(struct proc_spec){ .path = l->helper,
				       .argv = argv,
				       .stdin_fd = in[0],
				       .stdout_fd = out[1],
				       .stderr_fd = -1,
				       .keep_fd = manager },
		NULL, e);
	fd_close(in[0]);
	fd_close(out[1]);
	g->to_fd = in[1];
	g->from_fd = out[0];
	g->helper = pid < 0 ? 0 : pid;
	return pid < 0 ? pid : 0;
}

int group_begin(const struct ready *rd, bool dry, struct group *g, struct err *e)
{
	*g = (struct group){ .rd = rd, .to_fd = -1, .from_fd = -1, .payload_fd = -1 };
	return !dry && rd->limits.way == GROUP_SCOPE ? ask(g, e) : 0;
}

bool group_is_awaited(const struct group *g)
{
	return g->rd->limits.way != GROUP_NONE;
}

static void end_helper(struct group *g)
{
	g->to_fd = fd_close(g->to_fd);
	g->from_fd = fd_close(g->from_fd);
	if (g->helper > 0) {
		(void)kill(g->helper, SIGKILL); /* ours, not reaped: it is still itself */
		(void)RETRY(waitpid(g->helper, NULL, 0));
	}
	g->helper = 0;
}

/* ---- dividing it ---- */

static int cannot(const struct group *g, int error, const char *what, struct err *e)
{
	return err_sys(e, error, "cannot %s the control group '%s'", what, g->top);
}

static int move(int top, const char *to, const char *pid)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", to);
	return fd_write_file(top, path, pid);
}

/* Everybody who is in the group itself: the program's process to the payload, all others to
 * the supervisor. A process that has ended meanwhile is ESRCH. */
static int move_all(const struct group *g, int top)
{
	enum { LOOKS = 100 }; /* somebody may be forking */
	char text[4096], own[16];
	(void)snprintf(own, sizeof(own), "%d", (int)g->program);
	for (int looks = 0; looks < LOOKS; looks++) {
		_cleanup_fd_ int fd = openat(top, "cgroup.procs", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -errno : fd_read_full(fd, text, sizeof(text) - 1);
		if (n <= 0)
			return (int)n;
		text[n] = '\0';
		for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
			*end = '\0';
			bool program = strcmp(p, own) == 0;
			int r = move(top, program ? "payload" : "supervisor", p);
			if (r < 0 && r != -ESRCH)
				return r;
		}
	}
	return -EBUSY;
}

static bool is_needed(const struct group *g, enum controller controller)
{
	const struct group_writes *w = &g->rd->limits.writes;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].controller == controller && group_write_limits(&w->v[i]))
			return true;
	return false;
}

/* Whether a line of words has this one. */
static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = line; (p = strstr(p, word)); p += len)
		if ((p == line || p[-1] == ' ') && strchr(" \n", p[len]))
			return true;
	return false;
}

/* All but the rare one, for "sbox stats"; what is not delegated is missed only by the limit
 * that needs it. In one write: each moves the processes to new sets of controllers. */
static void enable_controllers(const struct group *g, int top)
{
	char there[256], text[128];
	size_t len = 0;
	_cleanup_fd_ int fd = openat(top, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, there, sizeof(there) - 1);
	there[n < 0 ? 0 : n] = '\0';
	for (unsigned i = CONTROLLER_NONE + 1; i < CONTROLLER_COUNT; i++)
		if (has_word(there, controller_names[i]) &&
			(i != CONTROLLER_CPUSET || is_needed(g, i)))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "+%s ",
				controller_names[i]);
	if (len > 0)
		(void)fd_write_file(top, "cgroup.subtree_control", text);
}

static int refuse_limit(
	const struct group_write *w, const char *origin, int error, struct err *e)
{
	const char *key = settings[w->id].key;
	char at[256] = "";
	if (origin)
		(void)snprintf(at, sizeof(at), " (%s)", origin);
	if (error != -ENOENT)
		return err_sys(e, error,
			"%s: cannot write '%s' to %s of the control group%s", key,
			w->value ? w->value : "max", w->file, at);
	err_set(e, error,
		"%s: the controller %s is not delegated to your control group%s", key,
		controller_names[w->controller], at);
	return err_hint(e,
		"an administrator delegates it with: sudo sh -c 'mkdir -p "
		"/etc/systemd/system/user@.service.d && printf \"[Service]\\n"
		"Delegate=cpu cpuset io memory pids\\n\" "
		">/etc/systemd/system/user@.service.d/delegate.conf && systemctl "
		"daemon-reload && systemctl restart user@%u' (which ends your "
		"session)",
		(unsigned)getuid());
}

/* Of a file with a line for each disk that has limits, "8:0 rbps=1000 wbps=max ...". */
static int lift_all(int group, const char *file)
{
	char text[4096], one[64];
	int r = 0;
	_cleanup_fd_ int fd = openat(group, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	for (const char *p = text; r == 0 && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		(void)snprintf(one, sizeof(one),
			"%.*s rbps=max wbps=max riops=max wiops=max",
			(int)strcspn(p, " \n"), p);
		r = fd_write_file(group, file, one);
	}
	return n < 0 ? (int)n : r;
}

int group_write(int group, const struct group_write *w, const char *origin, struct err *e)
{
	int r = w->value ? fd_write_file(group, w->file, w->value)
			 : lift_all(group, w->file);
	if (r == 0 || (r == -ENOENT && (w->optional || w->lifts)))
		return 0;
	return refuse_limit(w, origin, r, e);
}

int group_has_weight(
	int group, const struct group_write *w, const char *origin, struct err *e)
{
	char path[64], text[64];
	(void)snprintf(path, sizeof(path), "../%s", w->file);
	_cleanup_fd_ int fd = openat(group, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return refuse_limit(w, origin, (int)n, e);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	const char *last = strrchr(text, ' '); /* io.weight: "default 50" */
	if (strcmp(last ? last + 1 : text, w->value) == 0)
		return 0;
	return err_set(e, -EPROTO, "%s: systemd did not give the scope the weight %s",
		settings[w->id].key, w->value);
}

static int hold(const struct group *g, const struct group_write *w, const char *origin,
	struct err *e)
{
	if (!w->property)
		return group_write(g->payload_fd, w, origin, e);
	if (g->rd->limits.way == GROUP_SCOPE)
		return group_has_weight(g->payload_fd, w, origin, e);
	return err_set(e, -ENOTSUP,
		"%s: only a user manager of systemd can give a weight",
		settings[w->id].key);
}

static int write_limits(struct group *g, struct err *e)
{
	const struct group_writes *writes = &g->rd->limits.writes;
	const struct plan *p = g->rd->plan;
	for (size_t i = 0; i < writes->n; i++) {
		const struct group_write *w = &writes->v[i];
		const char *origin = origin_text(p->arena, &p->origin[w->id]);
		int r = hold(g, w, origin, e);
		if (r == 0)
			continue;
		if (p->limits != LIMITS_AUTO)
			return r;
		log_warning("%s", e->msg);
		g->dropped = true;
	}
	return 0;
}

static int make_below(int top, const char *name)
{
	return mkdirat(top, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int divide(struct group *g, struct err *e)
{
	_cleanup_fd_ int top = open(g->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return cannot(g, -errno, "open", e);
	int r = make_below(top, "supervisor");
	if (r == 0)
		r = make_below(top, "payload");
	if (r < 0)
		return cannot(g, r, "divide", e);
	(void)snprintf(g->payload, sizeof(g->payload), "%s/payload", g->top);
	g->payload_fd = openat(top, "payload", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->payload_fd < 0)
		return cannot(g, -errno, "open", e);
	g->taken = true;
	r = move_all(g, top);
	if (r < 0)
		return cannot(g, r, "move into", e);
	enable_controllers(g, top);
	return write_limits(g, e);
}

/* ---- the start ---- */

int group_program(struct group *g, pid_t program, struct awaited *w, struct err *e)
{
	g->program = program;
	if (g->rd->limits.way == GROUP_OWN) {
		(void)snprintf(g->top, sizeof(g->top), "%s", g->rd->limits.group);
		w->done = true;
		return divide(g, e);
	}
	char text[64];
	int len = snprintf(text, sizeof(text), "%d %d\n", (int)getpid(), (int)program);
	/* EPIPE: it has ended, and what it said is about to be read */
	(void)fd_write_all(g->to_fd, text, (size_t)len);
	w->fd = g->from_fd;
	return 0;
}

static int refuse_scope(const char *said, struct err *e)
{
	char safe[512];
	str_escape_controls(safe, sizeof(safe), said);
	err_set(e, -ENOTSUP, "systemd gave no control group for the limits: %s",
		*safe ? safe : "sbox-scope ended without a word");
	return err_hint(e,
		"'systemd-run --user --scope true' asks the same of it; --no-limits runs "
		"without limits");
}

/* The scope is ours when our own group has its name. */
static int enter_scope(struct group *g, struct err *e)
{
	int r = group_own_path(g->top, sizeof(g->top));
	if (r < 0)
		return err_sys(e, r, "cannot read /proc/self/cgroup");
	if (!str_ends(g->top, g->rd->limits.unit))
		return refuse_scope("it did not move the processes into the scope", e);
	return divide(g, e);
}

int group_look(struct awaited *w, struct err *e)
{
	struct group *g = w->data;
	char said[512];
	/* it says all in one write; that it ends then is not waited for */
	ssize_t n = RETRY(read(g->from_fd, said, sizeof(said) - 1));
	said[n < 0 ? 0 : n] = '\0';
	said[strcspn(said, "\n")] = '\0';
	w->fd = -1;
	w->done = true;

	int r = strcmp(said, "ok") == 0 ? enter_scope(g, e) : refuse_scope(said, e);
	end_helper(g);
	if (r < 0 && g->rd->plan->limits == LIMITS_AUTO) {
		log_warning("%s", e->msg);
		g->dropped = true;
		g->payload_fd = fd_close(g->payload_fd); /* the program is not in it */
		return 0;
	}
	return r;
}

/* ---- while it runs, and after ---- */

const char *group_path(const struct group *g)
{
	return g->payload_fd < 0 ? NULL : g->payload + strlen(GROUP_TOP);
}

enum held group_held(const struct group *g)
{
	const struct limits *l = &g->rd->limits;
	if (g->dropped || l->dropped)
		return HELD_DROPPED;
	for (size_t i = 0; i < l->writes.n; i++)
		if (group_write_limits(&l->writes.v[i]))
			return HELD_YES;
	return g->rd->plan->cpu_time_ns > 0 ? HELD_YES : HELD_NONE;
}

void group_kill(const struct group *g)
{
	if (g->payload_fd >= 0) /* 5.14; before, the pid namespace's end does it alone */
		(void)fd_write_file(g->payload_fd, "cgroup.kill", "1");
}

/* The text of a file of the group; false where there is none. */
static bool read_text(const struct group *g, const char *file, char *text, size_t size)
{
	if (g->payload_fd < 0)
		return false;
	_cleanup_fd_ int fd = openat(g->payload_fd, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fd_read_full(fd, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* The number behind @key and a blank at the start of a line; -1: there is none. */
static int64_t keyed(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoll(line + len, NULL, 10);
	}
	return -1;
}

int64_t group_cpu_us(const struct group *g)
{
	char text[1024];
	return read_text(g, "cpu.stat", text, sizeof(text)) ? keyed(text, "usage_usec")
							    : -1;
}

void group_facts(const struct group *g, struct group_facts *ret)
{
	char text[1024];
	*ret = (struct group_facts){ .memory_peak = -1, .cpu_us = group_cpu_us(g) };
	ret->known = g->payload_fd >= 0;
	if (read_text(g, "memory.events", text, sizeof(text)))
		ret->oom_kills = (uint64_t)keyed(text, "oom_kill");
	if (read_text(g, "pids.events", text, sizeof(text)))
		ret->pids_refused = (uint64_t)keyed(text, "max");
	if (read_text(g, "memory.peak", text, sizeof(text)))
		ret->memory_peak = strtoll(text, NULL, 10);
}

/* Waits until nobody is in the payload any more: they have been killed. */
static void await_empty(const struct group *g)
{
	enum { END_MS = 2000 };
	char text[256];
	_cleanup_fd_ int fd =
		openat(g->payload_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	for (int waits = 0; fd >= 0 && waits < 20; waits++) {
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		text[n < 0 ? 0 : n] = '\0';
		if (keyed(text, "populated") == 0)
			return;
		struct pollfd change = { .fd = fd, .events = POLLPRI };
		if (RETRY(poll(&change, 1, END_MS)) <= 0)
			return;
	}
}

/* Our own group as it was: no group below it, no controller on, we back in it. */
static void make_whole(struct group *g)
{
	_cleanup_fd_ int top = open(g->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return;
	await_empty(g);
	(void)unlinkat(top, "payload", AT_REMOVEDIR);
	for (unsigned i = CONTROLLER_NONE + 1; i < CONTROLLER_COUNT; i++) {
		char text[16];
		(void)snprintf(text, sizeof(text), "-%s", controller_names[i]);
		(void)fd_write_file(top, "cgroup.subtree_control", text);
	}
	(void)fd_write_file(top, "cgroup.procs", "0");
	(void)unlinkat(top, "supervisor", AT_REMOVEDIR);
}

/* A scope goes when its last process does, us, with all groups in it. */
void group_end(struct group *g)
{
	end_helper(g);
	if (g->taken && g->rd->limits.way == GROUP_OWN)
		make_whole(g);
	g->payload_fd = fd_close(g->payload_fd);
}
