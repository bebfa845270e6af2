/* SPDX-License-Identifier: MIT */
/* control.c - requests for ports, each of which is a connection of its own */
#include "forward/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "base/fd.h"

void ports_listen(struct forwarder *f, bool listen)
{
	for (struct port *p = f->ports; p; p = p->next)
		if (!p->publish.udp)
			source_want(f, &p->source, listen ? EPOLLIN : 0);
}

static socklen_t address_of(const struct net_publish *p, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(p->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(p->port) };
	memcpy(&in.sin_addr, p->address, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, p->address, sizeof(in6.sin6_addr));
	if (p->v6)
		memcpy(ret, &in6, sizeof(in6));
	else
		memcpy(ret, &in, sizeof(in));
	return p->v6 ? sizeof(in6) : sizeof(in);
}

static int set_flag(int fd, int level, int option)
{
	const int yes = 1;
	return setsockopt(fd, level, option, &yes, sizeof(yes));
}

/* Of the host's network, bound to the port. */
static int open_outside(const struct net_publish *p)
{
	enum { BACKLOG = 128 };
	struct sockaddr_storage address;
	socklen_t size = address_of(p, &address);
	int type = p->udp ? SOCK_DGRAM : SOCK_STREAM;
	_cleanup_fd_ int fd = socket(
		p->v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* what an earlier one has closed and the kernel still remembers is not taken */
	if (fd < 0 || (!p->udp && set_flag(fd, SOL_SOCKET, SO_REUSEADDR) < 0) ||
		(p->v6 && set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0) ||
		bind(fd, (const struct sockaddr *)&address, size) < 0 ||
		(!p->udp && listen(fd, BACKLOG) < 0))
		return -errno;
	return TAKE_FD(fd);
}

/* Whether there is such an address inside. */
static int try_inside(const struct net_publish *p)
{
	struct net_publish packets = *p;
	packets.udp = true; /* nobody is asked anything by that */
	_cleanup_fd_ int fd = inside_connect(&packets);
	return fd < 0 ? fd : 0;
}

static int add(struct forwarder *f, const struct net_publish *publish)
{
	if (f->n_ports == PORTS_MAX)
		return -ENOSPC;
	int fd = try_inside(publish);
	if (fd == 0)
		fd = open_outside(publish);
	if (fd < 0)
		return fd;
	struct port *p = calloc(1, sizeof(*p));
	if (!p)
		die("out of memory", 0);
	p->source.fd = fd;
	p->source.on_event = publish->udp ? on_datagrams : on_connection;
	p->publish = *publish;
	p->next = f->ports;
	f->ports = p;
	f->n_ports++;
	if (publish->udp || f->n_flows < f->flows_max)
		source_want(f, &p->source, EPOLLIN);
	return 0;
}

/* The connections that came through it go on. */
static int close_port(struct forwarder *f, const struct net_publish *publish)
{
	struct port **at = &f->ports;
	while (*at && !net_forward_same(&(*at)->publish, publish))
		at = &(*at)->next;
	struct port *p = *at;
	if (!p)
		return -ENOENT;
	*at = p->next;
	f->n_ports--;
	peers_forget(f, p);
	source_close(f, &p->source);
	source_bury(f, &p->source);
	return 0;
}

/* In the order in which they came. */
static const char *list(const struct forwarder *f, struct arena *a)
{
	struct net_forwards all = { .v = arena_alloc(a, PORTS_MAX * sizeof(*all.v)),
		.n = f->n_ports };
	size_t i = f->n_ports;
	for (const struct port *p = f->ports; p; p = p->next)
		all.v[--i] = p->publish;
	return net_forward_answer(a, 0, &all);
}

static const char *act(struct forwarder *f, struct arena *a, const char *text)
{
	enum net_forward_what what = FORWARD_COUNT;
	struct net_publish publish;
	int r = -EINVAL;
	if (!net_forward_asked(text, &what, &publish))
		what = FORWARD_COUNT;
	switch (what) {
	case FORWARD_LIST:
		return list(f, a);
	case FORWARD_ADD:
		r = add(f, &publish);
		break;
	case FORWARD_REMOVE:
		r = close_port(f, &publish);
		break;
	case FORWARD_COUNT:
		break;
	}
	return net_forward_answer(a, r, NULL);
}

void on_control(struct forwarder *f, struct source *s, uint32_t events)
{
	/* it is a program of the caller's own: a word at once, and no more than one */
	const struct timeval patience = { .tv_sec = 1 };
	char text[1024];
	struct arena a = { 0 };
	(void)events;
	_cleanup_fd_ int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return;
	ssize_t size = fd_read_full(fd, text, sizeof(text) - 1);
	if (size < 0)
		return;
	text[size] = '\0';
	const char *answer = act(f, &a, text);
	(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	arena_done(&a);
}
