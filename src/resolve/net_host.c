/* SPDX-License-Identifier: MIT */
/* net_host.c - the addresses of this host, and the networks that it is attached to
 *
 * Loopback and link-local addresses are left out: they are special on every host. A network
 * is known by the mask of an address in it, or by a route that needs no router: with DHCP for
 * IPv6 an address stands alone, and a router's announcement tells of the network.
 */
#include "resolve/net_host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/macros.h"

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

/* Those that the kernel, a router or DHCP have told. What an administrator or a tunnel sends
 * into a device may be anywhere. */
static bool is_attached(const struct rtmsg *route, unsigned attributes)
{
	const unsigned routers = 1U << RTA_GATEWAY | 1U << RTA_VIA | 1U << RTA_MULTIPATH;
	bool v6 = route->rtm_family == AF_INET6;
	return (v6 || route->rtm_family == AF_INET) && route->rtm_type == RTN_UNICAST &&
		(route->rtm_protocol == RTPROT_KERNEL ||
			route->rtm_protocol == RTPROT_RA ||
			route->rtm_protocol == RTPROT_DHCP) &&
		!(attributes & routers) && attributes & 1U << RTA_DST &&
		route->rtm_dst_len >= (v6 ? SHORTEST6 : SHORTEST4) &&
		route->rtm_dst_len <= (v6 ? 128 : 32);
}

static void add_route(struct arena *a, struct net_host *host, struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	unsigned attributes = 0;
	size_t left = RTM_PAYLOAD(message);
	struct net_prefix p = { .v6 = route->rtm_family == AF_INET6,
		.bits = route->rtm_dst_len };
	for (struct rtattr *one = RTM_RTA(route); RTA_OK(one, left);
		one = RTA_NEXT(one, left)) {
		if (one->rta_type < 32)
			attributes |= 1U << one->rta_type;
		if (one->rta_type == RTA_DST && RTA_PAYLOAD(one) == (p.v6 ? 16 : 4))
			memcpy(p.bytes, RTA_DATA(one), p.v6 ? 16 : 4);
	}
	if (is_attached(route, attributes) && !is_special(p.v6, p.bytes))
		*ARENA_PUSH(a, &host->attached) = p;
}

/* 1: there is more; 0: that was the last; or negative errno. */
static int read_routes(int fd, struct arena *a, struct net_host *host)
{
	_Alignas(struct nlmsghdr) char buf[32 * 1024];
	ssize_t size = RETRY(recv(fd, buf, sizeof(buf), 0));
	if (size <= 0)
		return size < 0 ? -errno : -EPROTO;
	unsigned left = (unsigned)size;
	for (struct nlmsghdr *one = (struct nlmsghdr *)buf; NLMSG_OK(one, left);
		one = NLMSG_NEXT(one, left)) {
		if (one->nlmsg_type == NLMSG_DONE)
			return 0;
		if (one->nlmsg_type == NLMSG_ERROR)
			return -EPROTO;
		if (one->nlmsg_type == RTM_NEWROUTE &&
			one->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg)))
			add_route(a, host, one);
	}
	return 1;
}

static int collect_routes(struct arena *a, struct net_host *host)
{
	const struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} ask = {
		.header = { .nlmsg_len = sizeof(ask),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	int r;
	while ((r = read_routes(fd, a, host)) > 0)
		;
	return r;
}

int net_host_collect(struct arena *a, struct net_host *ret)
{
	struct ifaddrs *all;
	*ret = (struct net_host){ 0 };
	int r = collect_routes(a, ret);
	if (r < 0)
		return r;
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
