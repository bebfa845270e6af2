/* SPDX-License-Identifier: MIT */
/* net_rule.c - one rule of the network, and one published port, out of text
 *
 * Pure: nothing is looked up here. A word without a dot is never taken for a host's name,
 * so that a mistyped "internet" is a mistake and not a host; "nas." names such a host.
 */
#include "config/net_rule.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"

enum { TEXT_MAX = 400 };

static const char what_hint[] =
	"an address, a network such as 192.0.2.0/24, a name such as example.org or "
	"*.example.org, internet, lan, or host-loopback:PORT";
static const char ports_hint[] = "such as :443, :80,443, :8000-8999 or :53/udp";

/* ---- prefixes ---- */

static bool clear_behind(const struct net_prefix *p)
{
	for (unsigned bit = p->bits; bit < (p->v6 ? 128 : 32); bit++)
		if (p->bytes[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	return true;
}

bool net_prefix_parse(const char *text, struct net_prefix *ret)
{
	char copy[NET_PREFIX_TEXT];
	size_t len = strlen(text);
	*ret = (struct net_prefix){ 0 };
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len + 1);
	char *slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, copy, ret->bytes) != 1) {
		ret->v6 = true;
		if (inet_pton(AF_INET6, copy, ret->bytes) != 1)
			return false;
	}
	uint64_t bits = ret->v6 ? 128 : 32;
	if (slash && num_u64(slash + 1, 0, bits, &bits) < 0)
		return false;
	ret->bits = (uint8_t)bits;
	return clear_behind(ret);
}

void net_prefix_text(const struct net_prefix *p, char out[static NET_PREFIX_TEXT])
{
	char address[INET6_ADDRSTRLEN];
	(void)inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->bytes, address, sizeof(address));
	if (p->bits == (p->v6 ? 128 : 32))
		(void)snprintf(out, NET_PREFIX_TEXT, "%s", address);
	else
		(void)snprintf(out, NET_PREFIX_TEXT, "%s/%u", address, p->bits);
}

bool net_prefix_has(const struct net_prefix *p, bool v6, const uint8_t *address)
{
	if (p->v6 != v6 || memcmp(p->bytes, address, p->bits / 8) != 0)
		return false;
	unsigned rest = p->bits % 8;
	return rest == 0 ||
		(p->bytes[p->bits / 8] ^ address[p->bits / 8]) >> (8 - rest) == 0;
}

/* ---- names ---- */

static bool label_ok(const char *label, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	return len > 0 && len <= 63 && label[0] != '-' && label[len - 1] != '-' &&
		strspn(label, allowed) >= len;
}

/* A host's name or a pattern, lower case already; its dot at the end is taken away. */
static bool name_ok(char *name)
{
	size_t len = strlen(name);
	if (strcmp(name, "*") == 0)
		return true;
	if (!strchr(name, '.') || len > NET_NAME_MAX)
		return false;
	if (name[len - 1] == '.')
		name[len - 1] = '\0';
	const char *last = NULL;
	for (const char *p = str_starts(name, "*.") ? name + 2 : name;; p++) {
		last = p;
		len = strcspn(p, ".");
		if (!label_ok(p, len))
			return false;
		p += len;
		if (!*p)
			break;
	}
	return strspn(last, "0123456789") < strlen(last); /* else a bad address */
}

/* "a\\.b" is one label with a dot in it. */
static bool is_escaped(const char *name, const char *at)
{
	bool escaped = false;
	for (; at > name && at[-1] == '\\'; at--)
		escaped = !escaped;
	return escaped;
}

unsigned net_name_match(const char *pattern, const char *name)
{
	size_t len = strlen(pattern), name_len = strlen(name);
	if (strcmp(pattern, "*") == 0)
		return 1;
	if (str_starts(pattern, "*.")) {
		bool below = name_len > len - 1 && str_ends(name, pattern + 1) &&
			!is_escaped(name, name + name_len - (len - 1));
		return below ? (unsigned)len : 0;
	}
	return strcmp(pattern, name) == 0 ? NET_NAME_MAX + 1 : 0;
}

/* ---- ports ---- */

static bool port(const char *text, uint16_t *ret)
{
	uint64_t n;
	if (num_u64(text, 1, 65535, &n) < 0)
		return false;
	*ret = (uint16_t)n;
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct net_range *x = a, *y = b;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Ascending and apart: a set of the kernel takes no ranges that overlap. */
static size_t merge(struct net_range *v, size_t n)
{
	size_t out = 0;
	qsort(v, n, sizeof(*v), by_first);
	for (size_t i = 0; i < n; i++) {
		if (out > 0 && v[i].first <= v[out - 1].last + 1) {
			if (v[i].last > v[out - 1].last)
				v[out - 1].last = v[i].last;
		} else {
			v[out++] = v[i];
		}
	}
	return out;
}

static const char *parse_ports(char *text, struct net_rule *ret, const char **ret_hint)
{
	char *save = NULL;
	*ret_hint = ports_hint;
	if (!*text || text[0] == ',' || str_ends(text, ",") || strstr(text, ",,"))
		return "not a list of ports";
	for (char *one = strtok_r(text, ",", &save); one;
		one = strtok_r(NULL, ",", &save)) {
		if (ret->n_ports == NET_RANGES_MAX)
			return "more than 16 ranges of ports in one rule";
		struct net_range *range = &ret->ports[ret->n_ports++];
		char *dash = strchr(one, '-');
		if (dash)
			*dash = '\0';
		if (!port(one, &range->first) ||
			!port(dash ? dash + 1 : one, &range->last))
			return "not a port";
		if (range->last < range->first)
			return "a range of ports that ends before it begins";
	}
	ret->n_ports = merge(ret->ports, ret->n_ports);
	return NULL;
}

/* ---- rules ---- */

/* Takes "/udp" or "/tcp" off the end. */
static enum net_protocol take_protocol(char *text)
{
	enum net_protocol found = str_ends(text, "/udp") ? NET_UDP
		: str_ends(text, "/tcp")		 ? NET_TCP
							 : NET_ANY;
	if (found != NET_ANY)
		text[strlen(text) - 4] = '\0';
	return found;
}

/* Cuts "HOST:PORTS" and "[HOST]:PORTS" apart; NULL: no ports. An address of IPv6 without
 * brackets has none. False for brackets that do not fit. */
static bool cut_ports(char **host, char **ret_ports)
{
	*ret_ports = NULL;
	if (**host == '[') {
		char *close = strchr(*host, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		*close = '\0';
		*host += 1;
		if (!strchr(*host, ':'))
			return false;
		if (close[1])
			*ret_ports = close + 2;
		return true;
	}
	char *colon = strchr(*host, ':');
	if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
		*ret_ports = colon + 1;
	}
	return true;
}

static const char *parse_host(char *host, struct net_rule *ret, const char **ret_hint)
{
	static const char *const words[NET_WHAT_COUNT] = { [NET_INTERNET] = "internet",
		[NET_LAN] = "lan",
		[NET_HOST_LOOPBACK] = "host-loopback" };
	for (unsigned i = 0; i < NET_WHAT_COUNT; i++)
		if (words[i] && strcmp(host, words[i]) == 0) {
			ret->what = i;
			return NULL;
		}
	if (net_prefix_parse(host, &ret->prefix)) {
		ret->what = NET_ADDRESS;
		return NULL;
	}
	*ret_hint = what_hint;
	if (strchr(host, '/') || strchr(host, ':')) {
		if (ret->prefix.bits)
			*ret_hint = "the bits behind the prefix must be zero";
		return "not a network";
	}
	for (char *p = host; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	if (!name_ok(host)) {
		if (*host && !strchr(host, '.'))
			*ret_hint = "a name without a dot is written with one at its end";
		return "neither an address nor a host's name";
	}
	ret->what = NET_NAME;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", host);
	return NULL;
}

const char *net_rule_parse(const char *text, struct net_rule *ret, const char **ret_hint)
{
	char copy[TEXT_MAX], *host = copy, *ports;
	*ret = (struct net_rule){ 0 };
	*ret_hint = what_hint;
	if (strlen(text) >= sizeof(copy))
		return "too long for a rule";
	memcpy(copy, text, strlen(text) + 1);
	if (strstr(copy, "://")) {
		*ret_hint = "the name and the port alone, such as example.org:443";
		return "a page's address, not a host's";
	}
	ret->protocol = take_protocol(copy);
	if (!cut_ports(&host, &ports))
		return "not an address in brackets";
	const char *wrong = parse_host(host, ret, ret_hint);
	if (!wrong && ports)
		wrong = parse_ports(ports, ret, ret_hint);
	if (wrong)
		return wrong;
	if (ports && ret->protocol == NET_ANY)
		ret->protocol = NET_TCP;
	if (ret->what == NET_HOST_LOOPBACK && ret->n_ports == 0) {
		*ret_hint =
			"host-loopback:PORT names the ports; all of them are never given";
		return "a port is missing";
	}
	*ret_hint = NULL;
	return NULL;
}

/* Takes "ADDRESS:" or "[ADDRESS]:" off the front, where one is there. */
static const char *take_address(char **text, struct net_publish *ret)
{
	char *address = *text, *end = address + strcspn(address, ":");
	if (*address == '[') {
		end = strchr(address, ']');
		if (!end || end[1] != ':')
			return "not an address in brackets";
		*end++ = '\0';
		address++;
		ret->v6 = true;
	} else if (!memchr(address, '.', (size_t)(end - address))) {
		return NULL;
	}
	if (*end != ':')
		return "not a published port";
	*end = '\0';
	*text = end + 1;
	return inet_pton(ret->v6 ? AF_INET6 : AF_INET, address, ret->address) == 1
		? NULL
		: "not an address";
}

const char *net_publish_parse(
	const char *text, struct net_publish *ret, const char **ret_hint)
{
	char copy[TEXT_MAX], *outside = copy;
	*ret = (struct net_publish){ .address = { 127, 0, 0, 1 } };
	*ret_hint = "PORT, PORT:PORT-INSIDE, ADDRESS:PORT:PORT-INSIDE or "
		    "[ADDRESS]:PORT:PORT-INSIDE, with /udp for UDP";
	if (strlen(text) >= sizeof(copy))
		return "too long for a port";
	memcpy(copy, text, strlen(text) + 1);
	ret->udp = take_protocol(copy) == NET_UDP;
	const char *wrong = take_address(&outside, ret);
	if (wrong)
		return wrong;
	char *inside = strchr(outside, ':');
	if (inside)
		*inside++ = '\0';
	if (inside && strchr(inside, ':'))
		return "not a published port";
	if (!port(outside, &ret->port) || !port(inside ? inside : outside, &ret->inside))
		return "not a port";
	*ret_hint = NULL;
	return NULL;
}
