/* SPDX-License-Identifier: MIT */
/* net_rule.h - one rule of the network, and one published port, out of text */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A network; a single address has all bits. */
struct net_prefix {
	bool v6;
	uint8_t bits;
	uint8_t bytes[16]; /* in network order, those of IPv4 first; the rest is zero */
};

enum net_what {
	NET_ADDRESS,
	NET_NAME, /* a host's name; with "*." before it all names below; "*": any */
	NET_INTERNET,
	NET_LAN,
	NET_HOST_LOOPBACK,
	NET_WHAT_COUNT
};

enum net_protocol { NET_ANY, NET_TCP, NET_UDP, NET_PROTOCOL_COUNT };

struct net_range {
	uint16_t first, last;
};

enum { NET_RANGES_MAX = 16, NET_NAME_MAX = 253 };

/* HOST|CIDR[:PORTS][/udp|/tcp]. Ports without a protocol are those of TCP. */
struct net_rule {
	enum net_what what;
	struct net_prefix prefix;
	char name[NET_NAME_MAX + 1]; /* lower case, no dot at the end */
	enum net_protocol protocol;
	struct net_range ports[NET_RANGES_MAX]; /* none: all; ascending, apart */
	size_t n_ports;
};

/* [ADDRESS:]PORT[:PORT][/udp|/tcp], an address of IPv6 in brackets */
struct net_publish {
	bool v6;
	uint8_t address[16]; /* of the host, in network order; that of IPv4 first */
	uint16_t port, inside;
	bool udp;
};

/* NULL, or what is wrong with @text, with what would be right in @ret_hint (NULL: nothing
 * to say). Static text both. */
const char *net_rule_parse(const char *text, struct net_rule *ret, const char **ret_hint);
const char *net_publish_parse(
	const char *text, struct net_publish *ret, const char **ret_hint);

/* Whether @name (lower case, no dot at the end, a dot within a label behind a backslash) is one that @pattern stands for, and how
 * closely: 0 not at all, else the higher the closer. */
unsigned net_name_match(const char *pattern, const char *name);
/* Whether the address (of @v6's family) lies in @p. */
bool net_prefix_has(const struct net_prefix *p, bool v6, const uint8_t *address);

enum { NET_PREFIX_TEXT = 64 };
/* "192.0.2.0/24", without "/32" or "/128". */
void net_prefix_text(const struct net_prefix *p, char out[static NET_PREFIX_TEXT]);
/* "192.0.2.0/24" or one address; false where it is neither, or has bits behind the prefix. */
bool net_prefix_parse(const char *text, struct net_prefix *ret);
