/* SPDX-License-Identifier: MIT */
/* network_forward.c - published ports: the socket where they are asked for, and who serves it
 *
 * We make the socket at the start. Nobody serves it until somebody asks: most programs publish
 * no port, and shall not pay for two processes. Both are started with nothing but the socket and
 * each other: sbox-forward itself stays outside, walled off as slirp4netns is, its other half
 * enters the sandbox's network without any capability.
 */
#include "stage/network_forward.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/log.h"
#include "stage/network.h"
#include "stage/supervise.h"

static int listen_at(const char *path)
{
	enum { BACKLOG = 16 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	_cleanup_fd_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
		listen(fd, BACKLOG) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int start_inside(struct network_run *n, int channel, struct err *e)
{
	static char *const argv[] = { "sbox-forward", "inside", NULL };
	const struct network_place place = network_inside(n, 0);
	struct proc_spec proc = { .path = n->rd->network->forward_path,
		.argv = argv,
		.stdin_fd = channel,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.prepare = network_enter,
		.data = &place };
	n->forward_inside.name = "sbox-forward";
	return side_start(&n->forward_inside, &proc, e);
}

static int start_outside(struct network_run *n, int channel, struct err *e)
{
	static char *const argv[] = { "sbox-forward", NULL };
	const char *path = n->rd->network->forward_path;
	const struct network_wall wall = {
		.required = n->rd->plan->landlock == LANDLOCK_REQUIRED, .program = path
	};
	struct proc_spec proc = { .path = path,
		.argv = argv,
		.stdin_fd = n->asked,
		.stdout_fd = channel,
		.stderr_fd = -1,
		.keep_fd = -1,
		.prepare = network_wall_off,
		.data = &wall };
	n->forward.name = "sbox-forward";
	return side_start(&n->forward, &proc, e);
}

static int start(struct network_run *n, struct err *e)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, -errno, "cannot make a socket for sbox-forward");
	int r = start_inside(n, ends[0], e);
	if (r == 0)
		r = start_outside(n, ends[1], e);
	fd_close(ends[0]);
	fd_close(ends[1]);
	n->asked = fd_close(n->asked); /* theirs alone: who asks sees their end */
	return r;
}

int network_forward_begin(struct network_run *n, struct err *e)
{
	const struct network_spec *spec = n->rd->network;
	n->asked = listen_at(spec->ports_path);
	if (n->asked < 0)
		return err_sys(e, n->asked, "cannot listen at '%s'", spec->ports_path);
	return spec->n_publish > 0 ? start(n, e) : 0;
}

static void watch(struct network_run *n)
{
	supervise_watch(
		n->supervisor, n->forward.name, n->forward.pidfd, network_lost_by(n));
}

/* Somebody asks: it is served from now on. */
static void on_asked(void *run)
{
	struct network_run *n = run;
	struct err e;
	n->supervisor->asked.fd = -1;
	if (start(n, &e) < 0)
		log_warning("no ports can be published: %s", e.msg);
	else
		watch(n);
}

void network_forward_watch(struct network_run *n)
{
	if (n->forward.pid > 0)
		watch(n);
	else
		n->supervisor->asked =
			(struct looked_at){ .fd = n->asked, .look = on_asked, .data = n };
}

void network_forward_stop(struct network_run *n)
{
	side_stop(&n->forward);
	side_stop(&n->forward_inside);
	n->asked = fd_close(n->asked);
}
