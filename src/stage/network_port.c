/* SPDX-License-Identifier: MIT */
/* network_port.c - asking a running sandbox for published ports
 *
 * The socket of its sbox-forward lies in the instance's folder, which is the caller's alone
 * and hidden from every sandbox. Each request is a connection of its own.
 */
#include "stage/network_port.h"

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

/* What was answered goes to @ret; negative errno with @e set where nothing was. */
static int ask(struct arena *a, const char *path, const char *request, int *ret_answer,
	struct net_forwards *ret, struct err *e)
{
	static const char none[] = "no answer about the ports of the sandbox";
	_cleanup_fd_ int fd = connect_to(path);
	if (fd < 0)
		return err_sys(e, fd, none);
	char *answer = arena_alloc(a, ANSWER_MAX);
	ssize_t n = send(fd, request, strlen(request), MSG_NOSIGNAL);
	if (n < 0 || shutdown(fd, SHUT_WR) < 0)
		return err_sys(e, -errno, none);
	n = fd_read_full(fd, answer, ANSWER_MAX - 1);
	if (n < 0)
		return err_sys(e, (int)n, none);
	*ret_answer = net_forward_answered(a, answer, ret);
	return *ret_answer == -EPROTO ? err_sys(e, -EPROTO, none) : 0;
}

static int explain(int error, const struct net_publish *p, struct err *e)
{
	char address[INET6_ADDRSTRLEN];
	err_sys(e, error, "publish: port %u/%s of %s cannot be had", p->port,
		p->udp ? "udp" : "tcp", net_publish_address(p, address));
	if (error == -EACCES)
		return err_hint(e,
			"low ports are root's; choose another, or an administrator lets "
			"all use it: sysctl net.ipv4.ip_unprivileged_port_start=%u",
			p->port);
	if (error == -EADDRINUSE)
		return err_hint(e, "another program listens there; choose another");
	if (error == -EADDRNOTAVAIL)
		return err_hint(e, "this host has no such address");
	if (error == -ENETUNREACH && p->v6)
		return err_hint(e,
			"a port of an IPv6 address leads nowhere without IPv6 inside; "
			"start the program with network-ipv6 = yes");
	return e->code;
}

int network_port_add(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e)
{
	struct net_forwards none;
	int answer;
	int r = ask(a, path, net_forward_ask(a, FORWARD_ADD, p), &answer, &none, e);
	return r == 0 && answer < 0 ? explain(answer, p, e) : r;
}

int network_port_list(
	struct arena *a, const char *path, struct net_forwards *ret, struct err *e)
{
	int answer;
	int r = ask(a, path, net_forward_ask(a, FORWARD_LIST, NULL), &answer, ret, e);
	return r == 0 && answer < 0 ? err_sys(e, answer, "cannot list the ports") : r;
}

int network_port_remove(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e)
{
	struct net_forwards none;
	int answer;
	int r = ask(a, path, net_forward_ask(a, FORWARD_REMOVE, p), &answer, &none, e);
	if (r == 0 && answer == -ENOENT)
		return err_set(e, answer, "the port %s is not published",
			net_forward_text(a, p));
	return r == 0 && answer < 0
		? err_sys(e, answer, "cannot close the port %s", net_forward_text(a, p))
		: r;
}
