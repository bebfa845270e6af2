/* SPDX-License-Identifier: MIT */
/* input.c - reading from programs, name servers and the supervisor */
#include "resolver/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

void on_udp(struct resolver *r)
{
	uint8_t message[UDP_MAX];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t n = recvfrom(r->udp, message, sizeof(message), MSG_DONTWAIT,
		(struct sockaddr *)&from, &length);
	if (n > 0 && length == sizeof(from))
		on_question(r, message, (size_t)n, NULL, &from);
}

void on_connection(struct resolver *r)
{
	int fd = accept4(r->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < CLIENTS_MAX; i++) {
		struct client *c = &r->clients[i];
		if (c->in.fd >= 0 || c->asked)
			continue;
		c->in.fd = fd;
		c->in.have = 0;
		c->until_ms = now_ms() + CLIENT_MS;
		return;
	}
	fd_close(fd);
}

/* Reads on; the message's size when it is whole, 0 before, -1 at the end. */
static ssize_t read_stream(struct stream *s)
{
	size_t want = s->have < 2 ? 2 : 2 + (size_t)(s->data[0] << 8 | s->data[1]);
	if (s->have < want) {
		ssize_t n = recv(s->fd, s->data + s->have, want - s->have, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
		s->have += (size_t)n;
	}
	want = s->have < 2 ? 2 : 2 + (size_t)(s->data[0] << 8 | s->data[1]);
	if (s->have == 2 && want == 2)
		return -1; /* an empty message, which would be read over and over */
	return s->have == want && want > 2 ? (ssize_t)want - 2 : 0;
}

void on_client(struct resolver *r, struct client *c)
{
	ssize_t n = read_stream(&c->in);
	if (n < 0)
		close_client(c);
	else if (n > 0)
		on_question(r, c->in.data + 2, (size_t)n, c, NULL);
}

static void on_up_udp(struct resolver *r, struct question *q)
{
	uint8_t message[UDP_MAX];
	ssize_t n = recv(q->up, message, sizeof(message), MSG_DONTWAIT);
	if (n > 0) {
		on_answer(r, q, message, (size_t)n);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fail_question(r, q); /* nobody listens there */
	}
}

static void on_up_tcp(struct resolver *r, struct question *q)
{
	if (!q->sent) {
		send_up(q);
		if (q->sent || errno == EAGAIN)
			return;
	}
	ssize_t n = q->sent ? read_stream(q->answer) : -1;
	if (n > 0) {
		on_answer(r, q, q->answer->data + 2, (size_t)n);
	} else if (n < 0) {
		fail_question(r, q);
	}
}

void on_up(struct resolver *r, struct question *q)
{
	if (q->client)
		on_up_tcp(r, q);
	else
		on_up_udp(r, q);
}

/* At its end the supervisor is gone. */
void on_channel(struct resolver *r)
{
	char text[128 * 1024];
	ssize_t n = recv(CHANNEL, text, sizeof(text) - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		exit(EXIT_SUCCESS);
	text[n] = '\0';
	if (strcmp(text, "tell") == 0)
		tell(r);
	rules_update(r, text);
}
