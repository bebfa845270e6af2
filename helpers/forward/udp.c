/* SPDX-License-Identifier: MIT */
/* udp.c - datagrams to published ports, and the answers to whom they belong
 *
 * Each sender has a socket inside of its own, whose port tells whom an answer is for.
 */
#include "forward/forward.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/fd.h"

enum { AT_ONCE = 32 };

struct peer {
	struct source source; /* inside; first: it is freed by it */
	const struct port *port;
	struct sockaddr_storage address;
	socklen_t size;
	int64_t heard_ms;
	struct peer *next;
};

static void forget(struct forwarder *f, struct peer **at)
{
	struct peer *p = *at;
	*at = p->next;
	f->n_peers--;
	source_close(f, &p->source);
	source_bury(f, &p->source);
}

void peers_forget(struct forwarder *f, const struct port *port)
{
	const int64_t before_ms = now_ms() - PEER_MS;
	for (struct peer **at = &f->peers; *at;)
		if (port ? (*at)->port == port : (*at)->heard_ms < before_ms)
			forget(f, at);
		else
			at = &(*at)->next;
}

static void forget_oldest(struct forwarder *f)
{
	struct peer **at = &f->peers;
	while (*at && (*at)->next)
		at = &(*at)->next;
	if (*at)
		forget(f, at);
}

static void on_answers(struct forwarder *f, struct source *s, uint32_t events)
{
	struct peer *p = (struct peer *)(void *)s;
	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(s->fd, f->datagram, sizeof(f->datagram), MSG_DONTWAIT);
		if (n < 0)
			return; /* nothing more, or nobody listens there: as on any network */
		p->heard_ms = now_ms();
		(void)sendto(p->port->source.fd, f->datagram, (size_t)n,
			MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&p->address,
			p->size);
	}
}

static struct peer *new_peer(struct forwarder *f, const struct port *port,
	const struct sockaddr_storage *address, socklen_t size)
{
	int fd = inside_connect(&port->publish);
	if (fd < 0)
		return NULL;
	if (f->n_peers == PEERS_MAX)
		forget_oldest(f);
	struct peer *p = calloc(1, sizeof(*p));
	if (!p)
		die("out of memory", 0);
	*p = (struct peer){ .source = { .fd = fd, .on_event = on_answers },
		.port = port,
		.address = *address,
		.size = size };
	source_want(f, &p->source, EPOLLIN);
	f->n_peers++;
	return p;
}

/* The one that sends so, brought to the front. */
static struct peer *peer_of(struct forwarder *f, const struct port *port,
	const struct sockaddr_storage *address, socklen_t size)
{
	struct peer **at = &f->peers, *p;
	while (*at &&
		((*at)->port != port || (*at)->size != size ||
			memcmp(&(*at)->address, address, size) != 0))
		at = &(*at)->next;
	p = *at;
	if (p)
		*at = p->next;
	else
		p = new_peer(f, port, address, size);
	if (!p)
		return NULL;
	p->next = f->peers;
	f->peers = p;
	p->heard_ms = now_ms();
	return p;
}

void on_datagrams(struct forwarder *f, struct source *s, uint32_t events)
{
	const struct port *port = (struct port *)(void *)s;
	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(s->fd, f->datagram, sizeof(f->datagram),
			MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (n < 0)
			return;
		const struct peer *p = peer_of(f, port, &from, size);
		if (p)
			(void)send(p->source.fd, f->datagram, (size_t)n,
				MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}
