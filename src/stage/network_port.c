/* SPDX-License-Identifier: MIT */
/* network_port.c - asking a running slirp4netns for published ports
 *
 * Its socket lies in the instance's folder, which is the caller's alone and hidden from
 * every sandbox. Each request is a connection of its own.
 */
#include "stage/network_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

enum { ANSWER_MAX = 64 * 1024, PATIENCE_S = 5 };

static int connect_to(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) <
			0 ||
		connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* The answer, or NULL with @e set. */
static const char *ask(
	struct arena *a, const char *path, const char *request, struct err *e)
{
	_cleanup_fd_ int fd = connect_to(path);
	if (fd < 0) {
		err_sys(e, fd, "slirp4netns cannot be asked for ports");
		return NULL;
	}
	char *answer = arena_alloc(a, ANSWER_MAX);
	int r = fd_write_all(fd, request, strlen(request));
	if (r == 0 && shutdown(fd, SHUT_WR) < 0)
		r = -errno;
	ssize_t n = r < 0 ? r : fd_read_full(fd, answer, ANSWER_MAX - 1);
	if (n < 0) {
		err_sys(e, (int)n, "slirp4netns does not answer");
		return NULL;
	}
	answer[n] = '\0';
	return answer;
}

/* slirp4netns does not say why a port cannot be had. */
static int try_port(const struct net_publish *p)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(p->port) };
	memcpy(&address.sin_addr, p->address, sizeof(address.sin_addr));
	_cleanup_fd_ int fd =
		socket(AF_INET, (p->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

int network_port_add(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e)
{
	char address[INET6_ADDRSTRLEN];
	if (p->v6) {
		err_set(e, -EAFNOSUPPORT,
			"publish: slirp4netns publishes on addresses of IPv4 alone");
		return err_hint(e,
			"start the program with network-helper = pasta, network-ipv6 = "
			"yes and that port in publish");
	}
	const char *answer = ask(a, path, net_forward_add(a, p), e);
	if (!answer)
		return e->code;
	if (!net_forward_refused(answer))
		return 0;
	int r = try_port(p);
	err_sys(e, r < 0 ? r : -EIO, "publish: port %u/%s of %s cannot be had", p->port,
		p->udp ? "udp" : "tcp", net_publish_address(p, address));
	if (r == -EACCES)
		return err_hint(e,
			"low ports are root's; choose another, or an administrator lets "
			"all use it: sysctl net.ipv4.ip_unprivileged_port_start=%u",
			p->port);
	return err_hint(e, "%s",
		r == -EADDRINUSE ? "another program listens there; choose another"
				 : "slirp4netns refused it");
}

int network_port_list(
	struct arena *a, const char *path, struct net_forwards *ret, struct err *e)
{
	const char *answer = ask(a, path, net_forward_list, e);
	if (!answer)
		return e->code;
	net_forward_parse(a, answer, ret);
	return 0;
}

int network_port_remove(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e)
{
	struct net_forwards all = { 0 };
	int r = network_port_list(a, path, &all, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++) {
		const struct net_publish *q = &all.v[i].publish;
		if (q->port != p->port || q->udp != p->udp || q->v6 != p->v6 ||
			memcmp(q->address, p->address, sizeof(p->address)) != 0)
			continue;
		const char *answer = ask(a, path, net_forward_remove(a, all.v[i].id), e);
		if (!answer)
			return e->code;
		return net_forward_refused(answer)
			? err_set(e, -EIO, "slirp4netns refused to close the port")
			: 0;
	}
	return err_set(
		e, -ENOENT, "the port %s is not published", net_forward_text(a, p));
}
