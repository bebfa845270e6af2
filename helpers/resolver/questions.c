/* SPDX-License-Identifier: MIT */
/* questions.c - a question on its way, and what becomes of its answer */
#include "resolver/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/fd.h"

/* ---- replies ---- */

/* Whether the program may have the addresses; opens those that a name's rule opens. 0, -EPERM
 * where one leads somewhere near, or the error of the packet filter. */
static int open_addresses(
	struct resolver *r, const struct question *q, const struct dns_answer *answer)
{
	uint64_t sets;
	(void)rules_allow(r, q->q.name, &sets);
	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_address *a = &answer->v[i];
		if (!net_is_internet(&r->host, a->v6, a->bytes) &&
			!net_is_allowed(&r->filter, &r->host, a->v6, a->bytes))
			return -EPERM;
	}
	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_address *a = &answer->v[i];
		remember(r, a, q->q.name);
		if (!net_is_internet(&r->host, a->v6, a->bytes))
			continue; /* open already, by a rule of its own */
		for (unsigned set = 0; set < r->filter.n_sets; set++) {
			if (!(sets >> set & 1))
				continue;
			int error = open_in_set(r, a, set, dns_lifetime(a->ttl));
			if (error < 0)
				return error;
		}
	}
	return 0;
}

void close_client(struct client *c)
{
	c->in.fd = fd_close(c->in.fd);
	c->in.have = 0;
	c->asked = false;
}

static void reply(
	struct resolver *r, const struct question *q, uint8_t *message, size_t size)
{
	if (!q->client) {
		(void)sendto(r->udp, message, size, MSG_DONTWAIT,
			(const struct sockaddr *)&q->from, sizeof(q->from));
		return;
	}
	uint8_t length[2] = { (uint8_t)(size >> 8), (uint8_t)size };
	struct iovec parts[] = { { length, sizeof(length) }, { message, size } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	/* the send buffer is larger than a message: what does not fit is not read */
	if (sendmsg(q->client->in.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) !=
		(ssize_t)(size + sizeof(length)))
		close_client(q->client);
	q->client->in.have = 0;
	q->client->asked = false;
}

static void refuse(struct resolver *r, const struct question *q, unsigned code)
{
	uint8_t out[DNS_NAME_SIZE + 32];
	reply(r, q, out, dns_refuse(q->asked, &q->q, code, out));
}

static void forget(struct question *q)
{
	q->up = fd_close(q->up);
	if (q->answer)
		q->answer->fd = -1;
	q->answer = NULL;
}

void fail_question(struct resolver *r, struct question *q)
{
	refuse(r, q, DNS_SERVER_FAILURE);
	forget(q);
}

void on_answer(struct resolver *r, struct question *q, uint8_t *message, size_t size)
{
	struct dns_answer answer;
	int error = dns_read_answer(message, size, &q->q, q->id, &answer);
	if (error == -EBADMSG && !q->client)
		return; /* somebody else's, or a forgery: the right one may still come */
	if (error == 0)
		error = open_addresses(r, q, &answer);
	if (error == 0) {
		message[0] = (uint8_t)(q->q.id >> 8);
		message[1] = (uint8_t)q->q.id;
		reply(r, q, message, size);
	} else if (error == -EPERM) {
		count_refused(r, q->q.name, true);
		refuse(r, q, DNS_NO_SUCH_NAME);
	} else {
		refuse(r, q, DNS_SERVER_FAILURE);
	}
	forget(q);
}

/* ---- questions ---- */

static int connect_up(bool tcp)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = inet_addr(INSIDE_DNS) };
	int mark = NET_RESOLVER_MARK;
	int fd = socket(AF_INET,
		(tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
		(connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
			errno != EINPROGRESS))
		return fd_close(fd);
	return fd;
}

static struct question *free_place(struct resolver *r)
{
	for (size_t i = 0; i < QUESTIONS_MAX; i++)
		if (r->questions[i].up < 0)
			return &r->questions[i];
	return NULL;
}

void send_up(struct question *q)
{
	if (!q->client) {
		(void)send(q->up, q->asked, q->size, MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	}
	uint8_t out[2 + sizeof(q->asked)] = { (uint8_t)(q->size >> 8), (uint8_t)q->size };
	memcpy(out + 2, q->asked, q->size);
	q->sent = send(q->up, out, q->size + 2, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		(ssize_t)q->size + 2;
}

static void ask(struct resolver *r, struct question *q, const struct dns_question *asked)
{
	struct question *place = free_place(r);
	if (!place || getrandom(&q->id, sizeof(q->id), 0) != sizeof(q->id)) {
		refuse(r, q, DNS_SERVER_FAILURE);
		return;
	}
	q->size = dns_ask(q->asked, asked, q->id, q->asked);
	q->up = connect_up(q->client);
	if (q->up < 0) {
		refuse(r, q, DNS_SERVER_FAILURE);
		return;
	}
	q->again_ms = now_ms() + ASK_AGAIN_MS;
	q->until_ms = now_ms() + GIVE_UP_MS;
	if (q->client) {
		q->client->asked = true;
		q->answer = &r->answers[q->client - r->clients];
		q->answer->fd = q->up;
		q->answer->have = 0;
	}
	*place = *q;
	if (!q->client)
		send_up(place);
}

void on_question(struct resolver *r, const uint8_t *message, size_t size,
	struct client *client, const struct sockaddr_in *from)
{
	struct question q = { .up = -1, .client = client };
	uint64_t sets;
	if (from)
		q.from = *from;
	if (dns_read_question(message, size, &q.q) < 0 || q.q.end > sizeof(q.asked)) {
		if (client)
			close_client(client);
		return;
	}
	memcpy(q.asked, message, q.q.end);
	if (!rules_allow(r, q.q.name, &sets)) {
		count_refused(r, q.q.name, false);
		refuse(r, &q, DNS_NO_SUCH_NAME);
	} else if (dns_type_is_hint(q.q.type)) {
		refuse(r, &q, DNS_NO_ERROR);
	} else {
		ask(r, &q, &q.q);
	}
}
