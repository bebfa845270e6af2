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

/* Whether the address is on the internet: not special, nor the host's or its neighbours'. */
bool net_is_internet(const struct net_host *host, bool v6, const uint8_t *address);
/* Whether it is private or a neighbour's, and not the host's. */
bool net_is_lan(const struct net_host *host, bool v6, const uint8_t *address);
