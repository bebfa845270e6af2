/* SPDX-License-Identifier: MIT */
/* sbox-forward.c - published ports of a sandbox: listens outside, connects inside
 *
 * usage: sbox-forward, with a listening socket as standard input
 *        sbox-forward inside, with the other one's standard output as standard input
 *
 * Theory of operation. slirp4netns publishes ports of IPv4 alone; pasta takes them when it
 * starts and none later, and some of its versions leave a connection from another host
 * unanswered until that has said something; what either passes on meets the packet filter as
 * a stranger's. So ports are published by neither, but by these two processes. The second
 * one is in the sandbox's network, without any capability, and makes sockets there on demand.
 * The first one is outside as the caller; it listens, gets a socket of the sandbox's network
 * for each connection and for each sender of datagrams, and passes on what comes. Inside, all
 * of it goes over the loopback, from the sandbox's own address to that.
 *
 * Ports are asked for, listed and closed through its socket, in the words of
 * resolve/net_forward.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "forward/forward.h"

_Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "%s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(EXIT_FAILURE);
}

/* ---- sources ---- */

void source_want(struct forwarder *f, struct source *s, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = s };
	int op = s->wanted == 0 ? EPOLL_CTL_ADD
		: events == 0	? EPOLL_CTL_DEL
				: EPOLL_CTL_MOD;
	if (s->wanted == events)
		return;
	if (epoll_ctl(f->epoll, op, s->fd, &event) < 0)
		die("cannot wait", errno);
	s->wanted = events;
}

void source_close(struct forwarder *f, struct source *s)
{
	if (s->fd < 0)
		return;
	source_want(f, s, 0);
	s->fd = fd_close(s->fd);
}

void source_bury(struct forwarder *f, struct source *s)
{
	s->next_over = f->over;
	f->over = s;
}

static void free_buried(struct forwarder *f)
{
	while (f->over) {
		struct source *s = f->over;
		f->over = s->next_over;
		free(s);
	}
}

/* ---- the loop ---- */

static _Noreturn void serve(struct forwarder *f)
{
	enum { EVENTS_MAX = 64, LOOK_MS = 30000 };
	struct epoll_event events[EVENTS_MAX];
	for (;;) {
		int n = epoll_wait(
			f->epoll, events, EVENTS_MAX, f->n_peers > 0 ? LOOK_MS : -1);
		if (n < 0 && errno != EINTR)
			die("cannot wait", errno);
		for (int i = 0; i < n; i++) {
			struct source *s = events[i].data.ptr;
			if (s->fd >= 0) /* an earlier event may have closed it */
				s->on_event(f, s, events[i].events);
		}
		peers_forget(f, NULL);
		free_buried(f);
	}
}

static void on_inside(struct forwarder *f, struct source *s, uint32_t events)
{
	(void)f;
	(void)s;
	(void)events;
	die("the part inside has ended", 0);
}

/* Each connection has two descriptors, each sender one. */
static size_t room_for_flows(void)
{
	enum { OTHERS = 16 };
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("cannot read the limit of descriptors", errno);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	size_t taken = OTHERS + PORTS_MAX + PEERS_MAX;
	if (limit.rlim_cur > taken + 2 * (size_t)FLOWS_MAX)
		return FLOWS_MAX;
	return limit.rlim_cur > taken + 2 ? (limit.rlim_cur - taken) / 2 : 1;
}

int main(int argc, char **argv)
{
	struct forwarder f = { .control = { .fd = CONTROL, .on_event = on_control },
		.inside = { .fd = INSIDE, .on_event = on_inside } };
	bool inside = argc == 2 && strcmp(argv[1], "inside") == 0;
	if (argc != 1 && !inside)
		die("usage: sbox-forward [inside]", 0);
	if (!inside) {
		f.flows_max = room_for_flows();
		f.epoll = epoll_create1(EPOLL_CLOEXEC);
		if (f.epoll < 0)
			die("cannot wait", errno);
	}
	walls_raise();
	if (inside)
		inside_serve();
	source_want(&f, &f.control, EPOLLIN);
	source_want(&f, &f.inside, EPOLLIN);
	serve(&f);
}
