/* SPDX-License-Identifier: MIT */
/* net_near.h - which addresses are near: special ones, the host's, its neighbours' */
#pragma once

#include "config/net_rule.h"

struct net_prefixes {
	struct net_prefix *v;
	size_t n;
};

/* What the host has: its addresses, and the networks on its interfaces. */
struct net_host {
	struct net_prefixes own, attached;
};

/* Networks as text, NULL behind the last: what is not on the internet; of that what is
 * private; and what is near without being a network's. */
extern const char *const net_special4[], *const net_special6[];
extern const char *const net_private4[], *const net_private6[];
extern const char *const net_link4[], *const net_link6[];

/* An address of IPv6 that a translator takes for one of IPv4 (NAT64's well-known prefix) is
 * judged as that one. */
#define NET_TRANSLATED "64:ff9b::/96"
/* Whether @address is such a one; @ret: what it stands for. */
bool net_translated(bool v6, const uint8_t *address, uint8_t ret[static 16]);
/* The other way: those that stand for a network of IPv4. */
struct net_prefix net_translate(const struct net_prefix *v4);

/* Whether the address is on the internet: not special, nor the host's or its neighbours'. */
bool net_is_internet(const struct net_host *host, bool v6, const uint8_t *address);
/* Whether it is private or a neighbour's, and not the host's. */
bool net_is_lan(const struct net_host *host, bool v6, const uint8_t *address);
