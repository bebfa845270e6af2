/* SPDX-License-Identifier: MIT */
/* net_host.c - the addresses of this host, and the networks that it is attached to
 *
 * Loopback and link-local addresses are left out: they are special on every host.
 */
#include "resolve/net_host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

/* Prefixes shorter than these are no network that one is attached to; with them "internet"
 * would soon be empty. */
enum { SHORTEST4 = 8, SHORTEST6 = 32 };

static const void *address_of(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return &((const struct sockaddr_in *)sa)->sin_addr;
	return &((const struct sockaddr_in6 *)sa)->sin6_addr;
}

static bool is_special(bool v6, const uint8_t *address)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	if (v6)
		return memcmp(address, loopback, sizeof(loopback)) == 0 ||
			(address[0] == 0xfe && (address[1] & 0xc0) == 0x80);
	return address[0] == 127 || (address[0] == 169 && address[1] == 254);
}

/* The address cut at its mask. */
static struct net_prefix network_of(const struct net_prefix *address, const uint8_t *mask)
{
	struct net_prefix p = { .v6 = address->v6 };
	for (unsigned i = 0; i < (p.v6 ? 16 : 4); i++) {
		p.bytes[i] = address->bytes[i] & mask[i];
		p.bits = (uint8_t)(p.bits + __builtin_popcount(mask[i]));
	}
	return p;
}

static void add(struct arena *a, struct net_host *host, const struct ifaddrs *one)
{
	bool v6 = one->ifa_addr->sa_family == AF_INET6;
	struct net_prefix address = { .v6 = v6, .bits = v6 ? 128 : 32 };
	memcpy(address.bytes, address_of(one->ifa_addr), v6 ? 16 : 4);
	if (is_special(v6, address.bytes))
		return;
	*ARENA_PUSH(a, &host->own) = address;
	if (!one->ifa_netmask)
		return;
	/* the mask's family is not always filled in */
	const struct net_prefix network = network_of(&address,
		v6 ? (const uint8_t *)&((struct sockaddr_in6 *)one->ifa_netmask)
				->sin6_addr
		   : (const uint8_t *)&((struct sockaddr_in *)one->ifa_netmask)
				->sin_addr);
	if (network.bits >= (v6 ? SHORTEST6 : SHORTEST4) && network.bits < address.bits)
		*ARENA_PUSH(a, &host->attached) = network;
}

int net_host_collect(struct arena *a, struct net_host *ret)
{
	struct ifaddrs *all;
	*ret = (struct net_host){ 0 };
	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next)
		if (one->ifa_addr &&
			(one->ifa_addr->sa_family == AF_INET ||
				one->ifa_addr->sa_family == AF_INET6))
			add(a, ret, one);
	freeifaddrs(all);
	return 0;
}
