/* SPDX-License-Identifier: MIT */
/* sbox-resolver.c - the name server of a sandbox: answers what rules allow, and opens it
 *
 * usage: sbox-resolver <RULES, with a SOCK_SEQPACKET socket as standard output
 *
 * Theory of operation. It is started in the sandbox's network and its user namespace, with
 * CAP_NET_ADMIN over that network. The program's resolv.conf names it; the packet filter
 * lets nobody but it reach the helper's name server: its packets carry a mark, which takes
 * that capability. A name that no rule allows is refused at once, without anybody being
 * asked. For any other the question is put anew to the name server, and the addresses of
 * the reply are looked at: one that is on the internet is put into the packet filter's set
 * for as long as it is valid, before the program gets the reply; one that is not (which a
 * stranger's name could have led to the host or its neighbours by) must be allowed by a rule
 * of its own, else the whole reply is refused.
 *
 * What it reads comes from an untrusted program, so it walls itself off before it reads:
 * an empty root, no capability but the one, a system-call filter. At the end it tells what
 * it refused, and the names of the addresses that it gave.
 *
 * On its socket: "ready" from it; "own PREFIX" and "attached PREFIX" lines to it, when the
 * host's addresses have changed; "tell" to it, then from it a message each of
 * "refused COUNT NAME", "near COUNT NAME" (a name that leads to what is not on the
 * internet) and "name ADDRESS NAME". It ends when the other end closes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "resolver/resolver.h"

/* ---- time ---- */

static void check_times(struct resolver *r)
{
	int64_t now = now_ms();
	for (size_t i = 0; i < QUESTIONS_MAX; i++) {
		struct question *q = &r->questions[i];
		if (q->up < 0)
			continue;
		if (q->until_ms <= now) {
			fail_question(r, q);
		} else if (!q->client && q->again_ms <= now) {
			q->again_ms = now + ASK_AGAIN_MS;
			send_up(q);
		}
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (r->clients[i].in.fd >= 0 && !r->clients[i].asked &&
			r->clients[i].until_ms <= now)
			close_client(&r->clients[i]);
}

/* In milliseconds for poll(2): until something is due; -1: nothing is. */
static int next_time(const struct resolver *r)
{
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < QUESTIONS_MAX; i++) {
		const struct question *q = &r->questions[i];
		if (q->up >= 0 && q->until_ms < first)
			first = q->until_ms;
		if (q->up >= 0 && !q->client && q->again_ms < first)
			first = q->again_ms;
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (r->clients[i].in.fd >= 0 && !r->clients[i].asked &&
			r->clients[i].until_ms < first)
			first = r->clients[i].until_ms;
	if (first == INT64_MAX)
		return -1;
	int64_t left = first - now_ms();
	return left < 0 ? 0 : (int)left;
}

static _Noreturn void serve(struct resolver *r)
{
	enum { FIXED = 3, POLL_MAX = FIXED + QUESTIONS_MAX + CLIENTS_MAX };
	struct pollfd fds[POLL_MAX];
	for (;;) {
		fds[0] = (struct pollfd){ .fd = CHANNEL, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = r->udp, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = r->tcp, .events = POLLIN };
		for (size_t i = 0; i < QUESTIONS_MAX; i++)
			fds[FIXED + i] = (struct pollfd){ .fd = r->questions[i].up,
				.events = r->questions[i].client && !r->questions[i].sent
					? POLLOUT
					: POLLIN };
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			fds[FIXED + QUESTIONS_MAX + i] = (struct pollfd){
				.fd = r->clients[i].asked ? -1 : r->clients[i].in.fd,
				.events = POLLIN
			};
		if (poll(fds, POLL_MAX, next_time(r)) < 0 && errno != EINTR)
			die("cannot wait", errno);
		for (size_t i = 0; i < QUESTIONS_MAX; i++) {
			struct question *q = &r->questions[i];
			if (q->up >= 0 && fds[FIXED + i].revents)
				on_up(r, q);
		}
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (fds[FIXED + QUESTIONS_MAX + i].revents)
				on_client(r, &r->clients[i]);
		if (fds[1].revents)
			on_udp(r);
		if (fds[2].revents)
			on_connection(r);
		check_times(r);
		if (fds[0].revents)
			on_channel(r);
	}
}

/* ---- the start ---- */

static int listen_at(int type)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = inet_addr(INSIDE_RESOLVER) };
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		(type == SOCK_STREAM && listen(fd, CLIENTS_MAX) < 0))
		die("cannot listen", errno);
	return fd;
}

int main(void)
{
	struct resolver *r = calloc(1, sizeof(*r));
	if (!r)
		die("out of memory", 0);
	for (size_t i = 0; i < QUESTIONS_MAX; i++)
		r->questions[i].up = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		r->clients[i].in.fd = r->answers[i].fd = -1;
	rules_read(r);
	if (r->filter.n_sets > 64)
		die("more than 64 kinds of ports in rules for names", 0);
	r->udp = listen_at(SOCK_DGRAM);
	r->tcp = listen_at(SOCK_STREAM);
	sets_open(r);
	walls_raise();
	say("ready");
	serve(r);
}
