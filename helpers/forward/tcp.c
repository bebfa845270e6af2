/* SPDX-License-Identifier: MIT */
/* tcp.c - connections to published ports: what comes at one end goes out at the other */
#include "forward/forward.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/fd.h"

struct flow;

struct end {
	struct source source;
	struct flow *flow;
};

/* What was read at one end and is not yet written to the other. */
struct half {
	size_t begin, end;
	bool eof; /* nothing more comes */
	bool shut; /* and the other end knows */
	char data[HALF_SIZE];
};

enum { OUTER, INNER };

struct flow {
	struct end end[2]; /* first: it is freed by that one */
	struct half half[2]; /* what comes from end[i] */
	bool connected; /* inside */
};

static void end_flow(struct forwarder *f, struct flow *flow)
{
	for (size_t i = 0; i < 2; i++)
		source_close(f, &flow->end[i].source);
	source_bury(f, &flow->end[0].source);
	if (f->n_flows-- == f->flows_max)
		ports_listen(f, true);
}

/* Both ends are to see that it did not end well. */
static void reset_flow(struct forwarder *f, struct flow *flow)
{
	const struct linger now = { .l_onoff = 1 };
	for (size_t i = 0; i < 2; i++)
		(void)setsockopt(
			flow->end[i].source.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end_flow(f, flow);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* Reads once, where there is room. False: the connection is broken. */
static bool take(struct half *h, int fd)
{
	if (h->eof || h->begin < h->end)
		return true;
	ssize_t n = recv(fd, h->data, sizeof(h->data), MSG_DONTWAIT);
	if (n < 0)
		return would_block();
	h->begin = 0;
	h->end = (size_t)n;
	h->eof = n == 0;
	return true;
}

static bool give(struct half *h, int fd)
{
	if (h->begin < h->end) {
		ssize_t n = send(fd, h->data + h->begin, h->end - h->begin,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return would_block();
		h->begin += (size_t)n;
	}
	if (h->begin == h->end && h->eof && !h->shut) {
		h->shut = true;
		return shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN;
	}
	return true;
}

/* What each end is waited for; one that nothing is wanted of is not, since the kernel tells
 * of its end again and again. */
static void want(struct forwarder *f, struct flow *flow)
{
	for (unsigned i = OUTER; i <= INNER; i++) {
		const struct half *from = &flow->half[i], *to = &flow->half[!i];
		uint32_t events = 0;
		if (!flow->connected)
			events = i == INNER ? EPOLLOUT : 0;
		else if (from->begin == from->end && !from->eof)
			events = EPOLLIN;
		if (flow->connected && to->begin < to->end)
			events |= EPOLLOUT;
		source_want(f, &flow->end[i].source, events);
	}
}

static bool has_connected(const struct flow *flow)
{
	int error = 0;
	socklen_t size = sizeof(error);
	return getsockopt(flow->end[INNER].source.fd, SOL_SOCKET, SO_ERROR, &error,
		       &size) == 0 &&
		error == 0;
}

static void on_end(struct forwarder *f, struct source *s, uint32_t events)
{
	struct flow *flow = ((struct end *)(void *)s)->flow;
	bool well = true;
	(void)events;
	if (!flow->connected)
		well = flow->connected = has_connected(flow);
	for (unsigned i = OUTER; well && i <= INNER; i++)
		well = take(&flow->half[i], flow->end[i].source.fd) &&
			give(&flow->half[i], flow->end[!i].source.fd);
	if (!well)
		reset_flow(f, flow);
	else if (flow->half[OUTER].shut && flow->half[INNER].shut)
		end_flow(f, flow);
	else
		want(f, flow);
}

static void tune(int fd)
{
	const int yes = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
}

static void begin_flow(struct forwarder *f, int outer, int inner)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	if (!flow)
		die("out of memory", 0);
	const int fds[2] = { [OUTER] = outer, [INNER] = inner };
	for (size_t i = 0; i < 2; i++) {
		flow->end[i].flow = flow;
		flow->end[i].source = (struct source){ .fd = fds[i], .on_event = on_end };
		tune(fds[i]);
	}
	if (++f->n_flows == f->flows_max)
		ports_listen(f, false);
	want(f, flow);
}

void on_connection(struct forwarder *f, struct source *s, uint32_t events)
{
	const struct port *port = (struct port *)(void *)s;
	const struct linger now = { .l_onoff = 1 };
	(void)events;
	int outer = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (outer < 0)
		return;
	int inner = inside_connect(&port->publish);
	if (inner < 0) {
		(void)setsockopt(outer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		fd_close(outer);
		return;
	}
	begin_flow(f, outer, inner);
}
