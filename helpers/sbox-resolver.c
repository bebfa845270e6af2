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
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>

#include "base/fd.h"
#include "base/str.h"
#include "resolve/dns.h"
#include "resolve/net_filter.h"

enum {
	CHANNEL = STDOUT_FILENO,
	QUESTIONS_MAX = 64, /* at once; more are dropped, and asked again */
	CLIENTS_MAX = 16, /* at once over TCP */
	UDP_MAX = 4096,
	ASK_AGAIN_MS = 1000,
	GIVE_UP_MS = 4000,
	CLIENT_MS = 10000, /* for a whole question over TCP */
	NAMES_MAX = 512, /* refused names that are told apart */
	GIVEN_MAX = 4096, /* addresses whose names are remembered */
};

/* ---- what it knows -------------------------------------------------------------------- */

struct counted {
	char *name;
	uint64_t n;
	bool near; /* it was looked up, and led to what is not on the internet */
};

struct given {
	bool v6;
	uint8_t address[16];
	char *name;
};

/* A message of TCP, after its two bytes of length. */
struct stream {
	int fd; /* -1: none */
	size_t have; /* bytes of length and message */
	uint8_t data[2 + DNS_MESSAGE_MAX];
};

/* A program's connection. */
struct client {
	struct stream in;
	int64_t until_ms;
	bool asked; /* a question of it is on its way */
};

/* A question that is on its way. */
struct question {
	int up; /* to the name server; -1: this place is free */
	struct client *client; /* NULL: by UDP */
	struct sockaddr_in from;
	struct dns_question q;
	uint16_t id; /* under which we asked */
	size_t size; /* of what was asked: header and question */
	uint8_t asked[DNS_NAME_SIZE + 32];
	int64_t again_ms, until_ms;
	bool sent; /* by TCP, when the connection is there */
	struct stream *answer; /* by TCP */
};

struct resolver {
	struct arena arena;
	struct net_filter filter;
	struct arena host_arena;
	struct net_host host;
	struct mnl_socket *netlink;
	uint32_t sequence;
	int udp, tcp;
	struct question questions[QUESTIONS_MAX];
	struct client clients[CLIENTS_MAX];
	struct stream answers[CLIENTS_MAX]; /* one for each client */
	struct counted refused[NAMES_MAX];
	size_t n_refused;
	struct given given[GIVEN_MAX];
	size_t n_given; /* ever; the oldest are written over */
};

static _Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "%s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(EXIT_FAILURE);
}

static int64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- rules -------------------------------------------------------------------------------- */

/* "allow RULE", "deny RULE", "own PREFIX", "attached PREFIX" */
static void read_line(struct arena *a, struct plan *p, struct net_host *host, char *line)
{
	char *value = strchr(line, ' ');
	if (!value)
		return;
	*value++ = '\0';
	if (strcmp(line, "allow") == 0 && p)
		ARENA_PUSH(a, &p->network_allow)->text = value;
	else if (strcmp(line, "deny") == 0 && p)
		ARENA_PUSH(a, &p->network_deny)->text = value;
	else if (strcmp(line, "own") == 0)
		(void)net_prefix_parse(value, ARENA_PUSH(a, &host->own));
	else if (strcmp(line, "attached") == 0)
		(void)net_prefix_parse(value, ARENA_PUSH(a, &host->attached));
}

static void read_lines(struct arena *a, struct plan *p, struct net_host *host, char *text)
{
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		read_line(a, p, host, line);
}

static void read_rules(struct resolver *r)
{
	enum { RULES_MAX = 16 * 1024 * 1024 };
	char *text;
	struct plan p = { .arena = &r->arena };
	int error = fd_read_open(&r->arena, STDIN_FILENO, RULES_MAX, &text, NULL);
	if (error < 0)
		die("cannot read the rules", -error);
	read_lines(&r->arena, &p, &r->host, text);
	net_filter_init(&r->filter, &r->arena, &p);
}

/* What a name may do: whether it is looked up, and which sets take its addresses. Of the
 * rules that name it, those that allow count where they are closer than any that denies. */
static bool is_allowed(const struct resolver *r, const char *name, uint64_t *ret_sets)
{
	unsigned denied = 0;
	bool named = false;
	*ret_sets = 0;
	for (size_t i = 0; i < r->filter.names.n; i++) {
		const struct net_name_rule *rule = &r->filter.names.v[i];
		unsigned close = net_name_match(rule->pattern, name);
		if (!rule->allow && close > denied)
			denied = close;
	}
	for (size_t i = 0; i < r->filter.names.n; i++) {
		const struct net_name_rule *rule = &r->filter.names.v[i];
		if (!rule->allow || net_name_match(rule->pattern, name) <= denied)
			continue;
		named = true;
		*ret_sets |= UINT64_C(1) << rule->set;
	}
	return named || (denied == 0 && r->filter.free_lookup);
}

/* ---- what is told at the end -------------------------------------------------------------- */

static void count_refused(struct resolver *r, const char *name, bool near)
{
	/* looking for a number's name is done by many programs unasked */
	if (str_ends(name, ".in-addr.arpa") || str_ends(name, ".ip6.arpa"))
		return;
	for (size_t i = 0; i < r->n_refused; i++)
		if (strcmp(r->refused[i].name, name) == 0 && r->refused[i].near == near) {
			r->refused[i].n++;
			return;
		}
	if (r->n_refused == NAMES_MAX)
		return;
	char *copy = strdup(name);
	if (copy)
		r->refused[r->n_refused++] =
			(struct counted){ .name = copy, .n = 1, .near = near };
}

static void remember(struct resolver *r, const struct dns_address *a, const char *name)
{
	struct given *place = &r->given[r->n_given++ % GIVEN_MAX];
	free(place->name);
	*place = (struct given){ .v6 = a->v6, .name = strdup(name) };
	memcpy(place->address, a->bytes, sizeof(place->address));
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char text[DNS_NAME_SIZE + 100];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		(void)send(CHANNEL, text, strlen(text), MSG_NOSIGNAL);
}

static _Noreturn void tell(const struct resolver *r)
{
	for (size_t i = 0; i < r->n_refused; i++)
		say("%s %" PRIu64 " %s", r->refused[i].near ? "near" : "refused",
			r->refused[i].n, r->refused[i].name);
	for (size_t i = 0; i < GIVEN_MAX && i < r->n_given; i++) {
		const struct given *g = &r->given[i];
		char address[INET6_ADDRSTRLEN];
		(void)inet_ntop(
			g->v6 ? AF_INET6 : AF_INET, g->address, address, sizeof(address));
		if (g->name)
			say("name %s %s", address, g->name);
	}
	exit(EXIT_SUCCESS);
}

/* ---- the packet filter -------------------------------------------------------------------- */

/* One change of one element, into the batch. */
static void element_message(struct resolver *r, struct mnl_nlmsg_batch *batch, bool add,
	const char *set_name, const struct dns_address *a, unsigned seconds)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();
	if (!set || !element)
		die("out of memory", 0);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, "sbox");
	nftnl_set_set_str(set, NFTNL_SET_NAME, set_name);
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, a->bytes, a->v6 ? 16 : 4);
	if (add)
		nftnl_set_elem_set_u64(
			element, NFTNL_SET_ELEM_TIMEOUT, (uint64_t)seconds * 1000);
	nftnl_set_elem_add(set, element);
	struct nlmsghdr *header = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch),
		add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, NFPROTO_INET,
		(uint16_t)((add ? NLM_F_CREATE : 0) | NLM_F_ACK), r->sequence++);
	nftnl_set_elems_nlmsg_build_payload(header, set);
	nftnl_set_free(set);
	(void)mnl_nlmsg_batch_next(batch);
}

/* Every message of the batch is answered; the first that is no zero counts. */
static int await_answers(struct resolver *r, unsigned n)
{
	char buf[8192];
	int error = 0;
	while (n > 0) {
		ssize_t size = mnl_socket_recvfrom(r->netlink, buf, sizeof(buf));
		if (size < 0)
			return errno == EINTR ? 0 : -errno;
		int left = (int)size;
		for (const struct nlmsghdr *h = (void *)buf; mnl_nlmsg_ok(h, left);
			h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
			if (h->nlmsg_type != NLMSG_ERROR || n == 0)
				continue;
			n--;
			if (e->error && !error)
				error = e->error;
		}
		if (error)
			return error; /* the kernel has taken nothing of the batch */
	}
	return 0;
}

/* An element that is there already keeps its old time when it is added again, so it is added
 * (or was there), taken out and added anew; the kernel does all that in one step. */
static int open_in_set(
	struct resolver *r, const struct dns_address *a, unsigned set, unsigned seconds)
{
	char buf[4096], name[32];
	(void)snprintf(name, sizeof(name), "name%c_%u", a->v6 ? '6' : '4', set);
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buf, sizeof(buf));
	if (!batch)
		return -ENOMEM;
	nftnl_batch_begin(mnl_nlmsg_batch_current(batch), r->sequence++);
	mnl_nlmsg_batch_next(batch);
	element_message(r, batch, true, name, a, seconds);
	element_message(r, batch, false, name, a, 0);
	element_message(r, batch, true, name, a, seconds);
	nftnl_batch_end(mnl_nlmsg_batch_current(batch), r->sequence++);
	mnl_nlmsg_batch_next(batch);
	ssize_t n = mnl_socket_sendto(
		r->netlink, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch));
	int error = n < 0 ? -errno : await_answers(r, 3);
	mnl_nlmsg_batch_stop(batch);
	return error;
}

/* ---- replies ------------------------------------------------------------------------------ */

/* Whether the program may have the addresses; opens those that a name's rule opens. 0, -EPERM
 * where one leads somewhere near, or the error of the packet filter. */
static int open_addresses(
	struct resolver *r, const struct question *q, const struct dns_answer *answer)
{
	uint64_t sets;
	(void)is_allowed(r, q->q.name, &sets);
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

static void close_client(struct client *c)
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

static void on_answer(
	struct resolver *r, struct question *q, uint8_t *message, size_t size)
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

/* ---- questions ---------------------------------------------------------------------------- */

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

static void send_up(struct question *q)
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

static void on_question(struct resolver *r, const uint8_t *message, size_t size,
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
	if (!is_allowed(r, q.q.name, &sets)) {
		count_refused(r, q.q.name, false);
		refuse(r, &q, DNS_NO_SUCH_NAME);
	} else if (dns_type_is_hint(q.q.type)) {
		refuse(r, &q, DNS_NO_ERROR);
	} else {
		ask(r, &q, &q.q);
	}
}

/* ---- input -------------------------------------------------------------------------------- */

static void on_udp(struct resolver *r)
{
	uint8_t message[UDP_MAX];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t n = recvfrom(r->udp, message, sizeof(message), MSG_DONTWAIT,
		(struct sockaddr *)&from, &length);
	if (n > 0 && length == sizeof(from))
		on_question(r, message, (size_t)n, NULL, &from);
}

static void on_connection(struct resolver *r)
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

static void on_client(struct resolver *r, struct client *c)
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
		refuse(r, q, DNS_SERVER_FAILURE); /* nobody listens there */
		forget(q);
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
		refuse(r, q, DNS_SERVER_FAILURE);
		forget(q);
	}
}

/* At its end the supervisor is gone. */
static void on_channel(struct resolver *r)
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
	arena_done(&r->host_arena);
	r->host_arena = (struct arena){ 0 };
	r->host = (struct net_host){ 0 };
	read_lines(&r->host_arena, NULL, &r->host, text);
}

/* ---- time --------------------------------------------------------------------------------- */

static void check_times(struct resolver *r)
{
	int64_t now = now_ms();
	for (size_t i = 0; i < QUESTIONS_MAX; i++) {
		struct question *q = &r->questions[i];
		if (q->up < 0)
			continue;
		if (q->until_ms <= now) {
			refuse(r, q, DNS_SERVER_FAILURE);
			forget(q);
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
			if (q->up < 0 || !fds[FIXED + i].revents)
				continue;
			if (q->client)
				on_up_tcp(r, q);
			else
				on_up_udp(r, q);
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

/* ---- walls -------------------------------------------------------------------------------- */

/* Nothing of the host's files stays in sight. */
static void leave_files(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", "/tmp", "tmpfs",
			MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k") < 0 ||
		chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("cannot leave the host's files", errno);
}

/* CAP_NET_ADMIN alone, over the sandbox's network: to mark packets and to open addresses. An
 * execve could bring nothing back: none is inherited, and there is no execve any more. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };
	sets[0].effective = sets[0].permitted = UINT32_C(1) << CAP_NET_ADMIN;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		die("cannot drop capabilities", errno);
	if (syscall(SYS_capset, &header, sets) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		die("cannot drop capabilities", errno);
}

/* A sanitizer's runtime makes calls of its own, and such a build is for tests only. */
#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* What is not named does not exist, which libraries are made for: the next version of one may
 * try another call. To end the process instead would refuse an intruder nothing more, and
 * take the names from every program with that version. Among those that are named, futex,
 * mprotect, rt_sigprocmask and sched_getaffinity are what malloc and getrandom of glibc 2.41
 * need around their own, and the *_time64 are those of processors of 32 bits. */
static void filter_calls(void)
{
	static const int calls[] = { SCMP_SYS(accept4), SCMP_SYS(brk),
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(close),
		SCMP_SYS(connect), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
		SCMP_SYS(futex_time64), SCMP_SYS(getpid), SCMP_SYS(getrandom),
		SCMP_SYS(gettid), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
		SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
		SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall),
		SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(sendmsg),
		SCMP_SYS(sendto), SCMP_SYS(write), SCMP_SYS(writev) };
	/* no memory becomes executable any more */
	static const int mappings[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2),
		SCMP_SYS(mprotect) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = filter ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; r == 0 && i < sizeof(mappings) / sizeof(mappings[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mappings[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, AF_INET));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
			SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET), SCMP_A2(SCMP_CMP_EQ, SO_MARK));
	if (r == 0)
		r = seccomp_load(filter);
	if (r < 0)
		die("cannot filter system calls", -r);
	seccomp_release(filter);
}

/* ---- the start ---------------------------------------------------------------------------- */

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
	read_rules(r);
	if (r->filter.n_sets > 64)
		die("more than 64 kinds of ports in rules for names", 0);
	r->udp = listen_at(SOCK_DGRAM);
	r->tcp = listen_at(SOCK_STREAM);
	r->netlink = mnl_socket_open(NETLINK_NETFILTER);
	if (!r->netlink || mnl_socket_bind(r->netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		die("cannot reach the packet filter", errno);
	leave_files();
	drop_capabilities();
	if (!sanitized)
		filter_calls();
	say("ready");
	serve(r);
}
