/* SPDX-License-Identifier: MIT */
/* net_near.c - which addresses are near: special ones, the host's, its neighbours'
 *
 * Pure. The packet filter and the resolver's look at answers both go by these lists.
 */
#include "resolve/net_near.h"

#include <string.h>

/* Not on the internet: the special-purpose registries of IANA. */
const char *const net_special4[] = { "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10",
	"127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/3", NULL };
/* Only 2000::/3 is given out, and of it not what carries addresses of IPv4 in it (Teredo,
 * 6to4), which could be private ones, nor the block of protocols (2001::/23), in which the
 * next router answers for its ports (2001:1::1). */
const char *const net_special6[] = { "::/3", "2001::/23", "2001:db8::/32", "2002::/16",
	"3fff::/20", "4000::/2", "8000::/1", NULL };
const char *const net_private4[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	NULL };
const char *const net_private6[] = { "fc00::/7", "fec0::/10", NULL };
/* Near without being anybody's network; a multicast goes to all who are near. Of IPv6 also
 * what a tunnel or a translator next door takes for such an address of IPv4: compatible ones,
 * the local prefix of NAT64, and 6to4. */
const char *const net_link4[] = { "100.64.0.0/10", "169.254.0.0/16", "224.0.0.0/4",
	NULL };
const char *const net_link6[] = { "::/96", "64:ff9b:1::/48", "2002:a00::/24",
	"2002:6440::/26", "2002:7f00::/24", "2002:a9fe::/32", "2002:ac10::/28",
	"2002:c0a8::/32", "fe80::/10", "ff00::/8", NULL };

/* RFC 6052; a translator may also have a prefix of its network's own, which nobody can tell
 * from its other addresses. */
static const uint8_t translated[12] = { 0x00, 0x64, 0xff, 0x9b };

bool net_translated(bool v6, const uint8_t *address, uint8_t ret[static 16])
{
	if (!v6 || memcmp(address, translated, sizeof(translated)) != 0)
		return false;
	memset(ret, 0, 16);
	memcpy(ret, address + sizeof(translated), 4);
	return true;
}

struct net_prefix net_translate(const struct net_prefix *v4)
{
	struct net_prefix p = { .v6 = true,
		.bits = (uint8_t)(8 * sizeof(translated) + v4->bits) };
	memcpy(p.bytes, translated, sizeof(translated));
	memcpy(p.bytes + sizeof(translated), v4->bytes, 4);
	return p;
}

static bool in_list(const char *const *list, bool v6, const uint8_t *address)
{
	struct net_prefix p;
	for (; *list; list++)
		if (net_prefix_parse(*list, &p) && net_prefix_has(&p, v6, address))
			return true;
	return false;
}

static bool in_prefixes(const struct net_prefixes *l, bool v6, const uint8_t *address)
{
	for (size_t i = 0; i < l->n; i++)
		if (net_prefix_has(&l->v[i], v6, address))
			return true;
	return false;
}

bool net_is_internet(const struct net_host *host, bool v6, const uint8_t *address)
{
	uint8_t v4[16];
	if (net_translated(v6, address, v4))
		return net_is_internet(host, false, v4);
	return !in_list(v6 ? net_special6 : net_special4, v6, address) &&
		!in_prefixes(&host->own, v6, address) &&
		!in_prefixes(&host->attached, v6, address);
}

bool net_is_lan(const struct net_host *host, bool v6, const uint8_t *address)
{
	uint8_t v4[16];
	if (net_translated(v6, address, v4))
		return net_is_lan(host, false, v4);
	return !in_prefixes(&host->own, v6, address) &&
		(in_list(v6 ? net_private6 : net_private4, v6, address) ||
			in_prefixes(&host->attached, v6, address));
}
