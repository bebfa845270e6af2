/* SPDX-License-Identifier: MIT */
/* network_ipv6.c - IPv6 inside that is there at once, without waiting for a router
 *
 * slirp4netns leaves the device's address and route of IPv6 to its router's announcements,
 * which may take seconds, as does the kernel's look for a second owner of the address. Both
 * are done here instead, by a process that enters the sandbox's network for that moment.
 */
#include "stage/network_ipv6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "resolve/net_filter.h"

/* Of devices that come later. */
static int no_waiting(void)
{
	int r = fd_write_file(
		AT_FDCWD, "/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	return r < 0 ? r
		     : fd_write_file(AT_FDCWD,
			       "/proc/sys/net/ipv6/conf/default/accept_ra", "0");
}

struct request {
	struct nlmsghdr header;
	char body[256];
};

static void add(struct request *request, const void *data, size_t size)
{
	memcpy((char *)request + request->header.nlmsg_len, data, size);
	request->header.nlmsg_len += (uint32_t)NLMSG_ALIGN(size);
}

static void attribute(
	struct request *request, unsigned short type, const void *data, size_t size)
{
	const struct rtattr a = { .rta_type = type,
		.rta_len = (unsigned short)RTA_LENGTH(size) };
	add(request, &a, sizeof(a));
	add(request, data, size);
}

static struct request new_request(uint16_t type)
{
	return (struct request){ .header = { .nlmsg_len = NLMSG_HDRLEN,
					 .nlmsg_type = type,
					 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
						 NLM_F_CREATE | NLM_F_REPLACE } };
}

/* 0 or the kernel's negative errno. */
static int ask(int fd, const struct request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	ssize_t n = RETRY(recv(fd, &answer, sizeof(answer), 0));
	if (n < (ssize_t)(sizeof(answer.header) + sizeof(answer.error)))
		return n < 0 ? -errno : -EPROTO;
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error : -EPROTO;
}

static int add_address(int fd, unsigned device)
{
	const struct ifaddrmsg message = { .ifa_family = AF_INET6,
		.ifa_prefixlen = 64,
		.ifa_flags = IFA_F_NODAD,
		.ifa_index = device };
	struct request request = new_request(RTM_NEWADDR);
	struct in6_addr address;
	(void)inet_pton(AF_INET6, INSIDE_ADDRESS6, &address);
	add(&request, &message, sizeof(message));
	attribute(&request, IFA_LOCAL, &address, sizeof(address));
	attribute(&request, IFA_ADDRESS, &address, sizeof(address));
	return ask(fd, &request);
}

static int add_route(int fd, unsigned device)
{
	const struct rtmsg message = { .rtm_family = AF_INET6,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST };
	struct request request = new_request(RTM_NEWROUTE);
	struct in6_addr gateway;
	(void)inet_pton(AF_INET6, INSIDE_GATEWAY6, &gateway);
	add(&request, &message, sizeof(message));
	attribute(&request, RTA_GATEWAY, &gateway, sizeof(gateway));
	attribute(&request, RTA_OIF, &device, sizeof(device));
	return ask(fd, &request);
}

static int configure(void)
{
	unsigned device = if_nametoindex("tap0");
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || device == 0)
		return -errno;
	int r = add_address(fd, device);
	return r < 0 ? r : add_route(fd, device);
}

int network_ipv6_begin(const struct network_place *place, struct err *e)
{
	int r = network_act_inside(place, no_waiting);
	if (r < 0)
		return err_sys(e, r, "network-ipv6: cannot prepare the network");
	return 0;
}

int network_ipv6_configure(const struct network_place *place, struct err *e)
{
	int r = network_act_inside(place, configure);
	if (r < 0)
		return err_sys(e, r, "network-ipv6: cannot configure the device");
	return 0;
}
