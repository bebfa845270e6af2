/* SPDX-License-Identifier: MIT */
/* network.c - all that works for network = user: the helper, the rules, the resolver
 *
 * Theory of operation. The program's process makes its network namespace, owned by the
 * sandbox's user namespace, and sends it here. As the one who made that user namespace we
 * have every capability in it, the program has none. So three programs of the host are
 * started at once: slirp4netns or pasta, which stays in the host's network and holds the
 * other end of the tap device; nft, which enters the sandbox's network with CAP_NET_ADMIN
 * there, loads the rules and is gone; and, where rules name hosts, our resolver, which
 * enters it too and stays. Only when all have said that they are ready may the program be
 * executed.
 *
 * None of them is left behind: the helper ends when our end of a pipe closes, whatever
 * became of us, the others by their parent's death; and what is here at the end is killed.
 */
#include "stage/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "resolve/net_host.h"
#include "stage/network_drain.h"
#include "stage/network_helper.h"
#include "stage/network_ipv6.h"
#include "stage/status.h"
#include "stage/supervise.h"

/* For a change or a listing; it takes some milliseconds. */
enum { NFT_MS = 5000 };

#define NETWORK_SIDE \
	{ \
		.about = "network = user", .pidfd = -1, .channel = -1, .log = -1 \
	}

static const struct network_spec *spec_of(const struct network_run *n)
{
	return n->rd->network;
}

static struct arena *arena_of(const struct network_run *n)
{
	return n->rd->plan->arena;
}

void network_init(struct network_run *n, const struct ready *rd, struct supervisor *s)
{
	const struct side none = NETWORK_SIDE;
	*n = (struct network_run){ .rd = rd,
		.supervisor = s,
		.helper = none,
		.guard = none,
		.filter = none,
		.resolver = none,
		.user_ns = -1,
		.net_ns = -1,
		.exit_fd = -1,
		.changes = -1 };
}

/* ---- rules ---- */

/* Runs nft in the sandbox's network, with @text to read. @ret: not waited for, if given. */
static int nft(struct network_run *n, const char *text, struct side *p, struct err *e)
{
	static char *const argv[] = { "nft", "-nn", "-f", "-", NULL };
	const struct network_place place = network_inside(n, PLACE_CAP(CAP_NET_ADMIN));
	p->name = "nft";
	_cleanup_fd_ int input = side_memory(text);
	if (input < 0)
		return err_sys(e, -errno, "cannot make a file for nft");
	struct proc_spec proc = { .path = spec_of(n)->nft_path,
		.argv = argv,
		.stdin_fd = input,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.prepare = network_enter,
		.data = &place };
	return side_start(p, &proc, e);
}

static int start_filter(struct network_run *n, const struct net_host *host, struct err *e)
{
	char *text = net_filter_text(spec_of(n)->filter, arena_of(n), host);
	if (!text)
		return err_set(e, -ENOMEM, "cannot write the rules of the network");
	return nft(n, text, &n->filter, e);
}

static int end_of_filter(struct network_run *n, struct err *e)
{
	if (side_wait(&n->filter) == 0)
		return 0;
	side_failed(&n->filter, "cannot load the rules", e);
	return err_hint(e,
		"the kernel must have nf_tables, with sets, conntrack and reject; nothing "
		"is started without the rules that were asked for");
}

/* An own address that the rules do not know would be on the internet for them. */
static int watch_addresses(struct network_run *n)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
			RTMGRP_IPV6_ROUTE };
	_cleanup_fd_ int fd = socket(
		AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	n->changes = TAKE_FD(fd);
	return 0;
}

static bool tell_resolver(struct network_run *n, const struct net_host *host)
{
	char *text = NULL;
	size_t size;
	FILE *o = open_memstream(&text, &size);
	if (!o)
		return false;
	net_filter_print_host(o, host);
	fclose(o);
	bool sent = send(n->resolver.channel, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		(ssize_t)size;
	free(text);
	return sent;
}

/* The host's addresses have changed: brings the rules up to date. */
static void on_changes(void *data)
{
	struct network_run *n = data;
	char events[8192];
	struct net_host host;
	struct side once = NETWORK_SIDE;
	struct err e;
	while (recv(n->changes, events, sizeof(events), 0) > 0 || errno == ENOBUFS)
		;
	bool failed = net_host_collect(arena_of(n), &host) < 0 ||
		(n->resolver.pid > 0 && !tell_resolver(n, &host)) ||
		nft(n, net_filter_update(arena_of(n), &host), &once, &e) < 0 ||
		side_wait_ms(&once, NFT_MS) != 0;
	side_stop(&once);
	if (failed)
		log_warning("the host's addresses have changed, and the rules of the "
			    "network do not know the new ones");
}

/* ---- all together ---- */

/* The rules as the profile has them, and what the host is. */
static const char *resolver_rules(struct network_run *n, const struct net_host *host)
{
	const struct plan *p = n->rd->plan;
	const struct list *lists[] = { &p->network_allow, &p->network_deny };
	static const char *const words[] = { "allow", "deny" };
	char *text = NULL;
	size_t size;
	FILE *o = open_memstream(&text, &size);
	if (!o)
		return NULL;
	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			fprintf(o, "%s %s\n", words[k], lists[k]->v[i].text);
	net_filter_print_host(o, host);
	fclose(o);
	const char *copy = arena_strdup(arena_of(n), text);
	free(text);
	return copy;
}

/* It walls itself off, for which it needs two capabilities more than it keeps. */
static int start_resolver(
	struct network_run *n, const struct net_host *host, struct err *e)
{
	static char *const argv[] = { "sbox-resolver", NULL };
	const struct network_place place = network_inside(n,
		PLACE_CAP(CAP_NET_ADMIN) | PLACE_CAP(CAP_NET_BIND_SERVICE) |
			PLACE_CAP(CAP_SYS_ADMIN));
	int ends[2];
	n->resolver.name = "sbox-resolver";
	const char *text = resolver_rules(n, host);
	_cleanup_fd_ int rules = text ? side_memory(text) : -1;
	if (rules < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, -errno, "cannot make a socket for sbox-resolver");
	n->resolver.channel = ends[0];
	_cleanup_fd_ int its = ends[1];
	struct proc_spec proc = { .path = spec_of(n)->resolver_path,
		.argv = argv,
		.stdin_fd = rules,
		.stdout_fd = its,
		.stderr_fd = -1,
		.keep_fd = -1,
		.prepare = network_enter,
		.data = &place };
	return side_start(&n->resolver, &proc, e);
}

static int resolver_ready(struct network_run *n, struct err *e)
{
	char word[16];
	if (RETRY(recv(n->resolver.channel, word, sizeof(word), 0)) > 0)
		return 0;
	return side_failed(&n->resolver, "ended before it was ready", e);
}

int network_begin(struct network_run *n, int net_ns, struct awaited *w, struct err *e)
{
	const struct network_spec *spec = spec_of(n);
	struct net_host host = { 0 };
	n->net_ns = net_ns;
	if (net_ns < 0)
		return err_set(e, -EPROTO, "the network namespace did not arrive");
	n->user_ns = ioctl(net_ns, NS_GET_USERNS);
	if (n->user_ns < 0)
		return err_sys(e, -errno, "cannot open the network's user namespace");
	(void)fcntl(n->user_ns, F_SETFD, FD_CLOEXEC);
	const struct network_place place = network_inside(n, PLACE_CAP(CAP_NET_ADMIN));
	int r = n->rd->plan->network_ipv6 ? network_ipv6_begin(&place, e) : 0;
	if (r == 0)
		r = network_helper_start(n, e);
	if (r == 0 && spec->nft_path) {
		r = watch_addresses(n); /* before they are read */
		if (r == 0)
			r = net_host_collect(arena_of(n), &host);
		if (r < 0)
			return err_sys(e, r, "cannot read the host's addresses");
		r = start_filter(n, &host, e);
	}
	if (r == 0 && spec->resolver_path)
		r = start_resolver(n, &host, e);
	w->fd = n->helper.channel;
	return r;
}

/* Until now their end was the start's. */
static void watch(struct network_run *n)
{
	enum setting_id by =
		n->rd->plan->network_lost == LOST_END ? SET_NETWORK_LOST : SET_COUNT;
	supervise_watch(n->supervisor, n->helper.name, n->helper.pidfd, by);
	if (n->resolver.pid > 0)
		supervise_watch(n->supervisor, n->resolver.name, n->resolver.pidfd, by);
	n->supervisor->changes =
		(struct looked_at){ .fd = n->changes, .look = on_changes, .data = n };
}

int network_look(struct awaited *w, struct err *e)
{
	struct network_run *n = w->data;
	int r = 0;
	if (w->fd == n->helper.channel) {
		r = network_helper_look(n, e);
		if (r == -EAGAIN)
			return 0;
		w->fd = n->filter.pidfd;
	} else if (w->fd == n->filter.pidfd) {
		r = end_of_filter(n, e);
		w->fd = n->resolver.channel;
	} else {
		r = resolver_ready(n, e);
		w->fd = -1;
	}
	w->done = r == 0 && w->fd < 0;
	if (w->done)
		watch(n);
	return r;
}

/* ---- the end ---- */

/* What the resolver refused, and whose addresses it gave. */
struct told {
	struct net_told_name {
		const char *kind, *name, *address;
		uint64_t count;
	} * v;
	size_t n;
};

/* "refused 3 NAME", "near 1 NAME", "name ADDRESS NAME" */
static void read_told(struct network_run *n, char *line, struct told *ret)
{
	char *value = strchr(line, ' '), *name = value ? strchr(value + 1, ' ') : NULL;
	if (!name)
		return;
	*value++ = '\0';
	*name++ = '\0';
	struct net_told_name *one = ARENA_PUSH(arena_of(n), ret);
	char safe[1100];
	str_escape_controls(safe, sizeof(safe), name);
	one->kind = arena_strdup(arena_of(n), line);
	one->name = arena_strdup(arena_of(n), safe);
	if (strcmp(one->kind, "name") == 0)
		one->address = arena_strdup(arena_of(n), value);
	else
		(void)num_u64(value, 0, UINT64_MAX, &one->count);
}

static void ask_resolver(struct network_run *n, struct told *ret)
{
	char line[2048];
	*ret = (struct told){ 0 };
	if (n->resolver.pid <= 0 ||
		send(n->resolver.channel, "tell", 4, MSG_NOSIGNAL) != 4)
		return;
	for (;;) {
		/* it is not ours to believe in: it may have been taken over */
		enum { PATIENCE_MS = 1000, LINES_MAX = 8192 };
		struct pollfd fd = { .fd = n->resolver.channel, .events = POLLIN };
		if (RETRY(poll(&fd, 1, PATIENCE_MS)) <= 0 || ret->n >= LINES_MAX)
			return;
		ssize_t size = recv(n->resolver.channel, line, sizeof(line) - 1, 0);
		if (size <= 0)
			return;
		line[size] = '\0';
		read_told(n, line, ret);
	}
}

static const char *name_of(const struct told *told, const char *address)
{
	const char *found = NULL;
	for (size_t i = 0; i < told->n; i++)
		if (told->v[i].address && strcmp(told->v[i].address, address) == 0)
			found = told->v[i].name;
	return found;
}

/* The host's own loopback: the rule for it names it so, and none names its address. */
static bool is_host_loopback(const struct net_refused *one)
{
	struct in_addr gateway;
	(void)inet_pton(AF_INET, INSIDE_GATEWAY, &gateway);
	return !one->v6 && memcmp(one->address, &gateway, sizeof(gateway)) == 0;
}

/* "192.0.2.1:80", "[2001:db8::1]:53/udp", or with the name that was looked up for it. */
static const char *refused_text(
	struct arena *a, const struct told *told, const struct net_refused *one)
{
	char address[INET6_ADDRSTRLEN];
	(void)inet_ntop(
		one->v6 ? AF_INET6 : AF_INET, one->address, address, sizeof(address));
	const char *name =
		is_host_loopback(one) ? INSIDE_HOST_LOOPBACK : name_of(told, address);
	return arena_printf(a, one->v6 && !name ? "[%s]:%u%s" : "%s:%u%s",
		name ? name : address, one->port, one->udp ? "/udp" : "");
}

/* Announcements to everyone near are not what a user means by a destination. */
static bool is_multicast(const struct net_refused *one)
{
	return one->v6 ? one->address[0] == 0xff : one->address[0] >= 224;
}

/* What the sets of refused destinations hold; empty where nobody can tell. The sets alone,
 * since those of names may be large; and one nft for each, for 1.0.6 forgets all but the last
 * one that it is asked for. */
static void read_refused(struct network_run *n, struct net_refusals ret[2])
{
	enum { LISTING_MAX = 1024 * 1024 };
	static const char *const ask[] = { "list set inet sbox refused4\n",
		"list set inet sbox refused6\n" };
	struct side once[] = { NETWORK_SIDE, NETWORK_SIDE };
	struct err ignored;
	int patience_ms = NFT_MS;
	for (size_t i = 0; i < ARRAY_SIZE(once); i++)
		(void)nft(n, ask[i], &once[i], &ignored);
	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		char *text;
		int r = once[i].pid > 0 ? side_wait_ms(&once[i], patience_ms) : -ESRCH;
		if (r == 0 && lseek(once[i].log, 0, SEEK_SET) == 0 &&
			fd_read_open(
				arena_of(n), once[i].log, LISTING_MAX, &text, NULL) == 0)
			net_refused_parse(arena_of(n), text, &ret[i]);
		if (r == -ETIMEDOUT)
			patience_ms = 0; /* the other one has had it, too */
		side_stop(&once[i]);
	}
}

/* The lines of the footer: a few, then how many more. */
struct footer {
	struct network_run *n;
	const char *first;
	size_t told, more;
};

/* The program chooses names that it asks for, and the hint is there to be pasted. */
static bool is_typed(const char *destination)
{
	struct net_rule rule;
	const char *hint;
	bool plain = strspn(destination, "abcdefghijklmnopqrstuvwxyz0123456789-_.:/[]") ==
		strlen(destination);
	return plain && !net_rule_parse(destination, &rule, &hint) &&
		(rule.what == NET_NAME ||
			(rule.what == NET_ADDRESS &&
				rule.prefix.bits == (rule.prefix.v6 ? 128 : 32)));
}

static void tell(struct footer *f, const char *destination, uint64_t count,
	const char *unit, const char *why, bool can_be_typed)
{
	enum { TOLD_MAX = 8 };
	if (f->told == TOLD_MAX) {
		f->more++;
		return;
	}
	log_warning("refused: %s (%" PRIu64 " %s%s)%s", destination, count, unit,
		count == 1 ? "" : "s", why);
	f->told++;
	if (!f->first && can_be_typed)
		f->first = destination;
}

static void tell_names(struct footer *f, const struct told *told)
{
	for (size_t i = 0; i < told->n; i++) {
		const struct net_told_name *one = &told->v[i];
		bool near = strcmp(one->kind, "near") == 0;
		if (one->address)
			continue;
		status_refused(f->n->rd, one->name, one->count);
		tell(f, one->name, one->count, "look-up",
			near ? ": it leads to an address that is not on the internet, "
			       "which needs a rule of its own"
			     : "",
			!near && is_typed(one->name));
	}
}

static void tell_address(
	struct footer *f, const struct told *told, const struct net_refused *one)
{
	const char *text = refused_text(arena_of(f->n), told, one);
	status_refused(f->n->rd, text, one->count);
	if (!is_multicast(one))
		tell(f, text, one->count, "packet", "",
			is_host_loopback(one) || is_typed(text));
}

static void tell_addresses(struct footer *f, const struct told *told)
{
	struct net_refusals refused[2] = { 0 };
	read_refused(f->n, refused);
	for (size_t k = 0; k < ARRAY_SIZE(refused); k++)
		for (size_t i = 0; i < refused[k].n; i++)
			tell_address(f, told, &refused[k].v[i]);
}

void network_tell(struct network_run *n)
{
	struct footer f = { .n = n };
	struct told told;
	if (n->net_ns < 0)
		return;
	const struct network_place place = network_inside(n, 0);
	network_drain(&place, &n->helper);
	/* taking the tap device down takes the kernel longer than all that follows */
	if (n->helper.pid > 0)
		(void)sys_pidfd_send_signal(n->helper.pidfd, SIGKILL, 0);
	if (!spec_of(n)->nft_path)
		return;
	ask_resolver(n, &told);
	tell_names(&f, &told);
	tell_addresses(&f, &told);
	if (f.more > 0)
		log_warning("refused: %zu more destinations", f.more);
	if (f.first)
		log_advice("--network-allow=%s allows it", f.first);
}

void network_stop(struct network_run *n)
{
	n->exit_fd = fd_close(n->exit_fd);
	side_stop(&n->helper);
	side_stop(&n->guard); /* after the one that it guards */
	side_stop(&n->filter);
	side_stop(&n->resolver);
	n->user_ns = fd_close(n->user_ns);
	n->net_ns = fd_close(n->net_ns);
	n->changes = fd_close(n->changes);
}
