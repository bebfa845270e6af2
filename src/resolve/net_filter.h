/* SPDX-License-Identifier: MIT */
/* net_filter.h - rules for destinations as a packet filter, in nft(8)'s words */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "config/net_rule.h"
#include "config/plan.h"
#include "resolve/net_near.h"

/* Inside, whichever helper is used. */
#define INSIDE_ADDRESS "10.0.2.100"
#define INSIDE_GATEWAY \
	"10.0.2.2" /* the host's 127.0.0.1, where rules give a port of it */
#define INSIDE_ADDRESS6	     "fd00::100"
#define INSIDE_GATEWAY6	     "fd00::2"
#define INSIDE_DNS	     "10.0.2.3" /* the host's name server */
#define INSIDE_RESOLVER	     "127.0.0.53" /* ours, where rules name hosts */
#define INSIDE_HOST_LOOPBACK "host-loopback"
/* What our resolver's packets carry; setting it takes CAP_NET_ADMIN over the network. */
enum { NET_RESOLVER_MARK = 0x5b0c };

struct net_rules {
	struct net_rule *v; /* those that allow, then those that deny */
	size_t n, n_allow;
};

/* A name's rule as the resolver needs it. */
struct net_name_rule {
	const char *pattern;
	bool allow;
	unsigned set; /* allow: of the sets n4_N and n6_N, which takes its addresses */
};

struct net_filter {
	struct net_rules rules;
	bool any; /* there are rules at all */
	bool free_lookup; /* any name may be looked up */
	bool host_loopback;
	bool v6; /* there is IPv6 inside */
	struct {
		struct net_name_rule *v;
		size_t n;
	} names; /* any: a resolver of our own is needed */
	unsigned n_sets;
};

/* Reads the plan's rules. */
void net_filter_init(struct net_filter *f, struct arena *a, const struct plan *p);
/* The whole filter, for "nft -f". */
char *net_filter_text(
	const struct net_filter *f, struct arena *a, const struct net_host *host);
/* The host as lines "own PREFIX" and "attached PREFIX". */
void net_filter_print_host(FILE *o, const struct net_host *host);
/* What brings it up to date when the host's addresses have changed. */
char *net_filter_update(struct arena *a, const struct net_host *host);

/* Whether a rule other than for names allows the address, on some port. */
bool net_is_allowed(const struct net_filter *f, const struct net_host *host, bool v6,
	const uint8_t *address);

/* One destination that was refused. */
struct net_refused {
	bool v6;
	uint8_t address[16];
	uint16_t port;
	bool udp;
	uint64_t count; /* packets */
};

struct net_refusals {
	struct net_refused *v;
	size_t n;
};

/* Reads what "nft -nn list table inet sbox" or "list set" says of the sets of refused ones;
 * what does not look like one is passed over. */
void net_refused_parse(struct arena *a, const char *text, struct net_refusals *ret);
