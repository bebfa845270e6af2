/* SPDX-License-Identifier: MIT */
/* inside.c - sockets of the sandbox's network, made there and used outside
 *
 * A socket belongs for its whole life to the network in which it was made, whoever has it.
 * So one process is enough there for all ports; it sees nothing of what goes through them.
 */
#include "forward/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "resolve/net_filter.h"

struct socket_kind {
	bool v6, udp;
};

struct answer {
	int error; /* 0: with a descriptor */
};

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void hand_out(int channel, int fd)
{
	struct answer answer = { .error = fd < 0 ? errno : 0 };
	struct iovec part = { &answer, sizeof(answer) };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	if (sendmsg(channel, &msg, MSG_NOSIGNAL) < 0)
		exit(EXIT_SUCCESS); /* the other one has ended */
}

static int new_socket(const struct socket_kind *kind)
{
	int type = kind->udp ? SOCK_DGRAM : SOCK_STREAM;
	return socket(
		kind->v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

_Noreturn void inside_serve(void)
{
	enum { CHANNEL = STDIN_FILENO };
	struct socket_kind kind;
	while (RETRY(recv(CHANNEL, &kind, sizeof(kind), 0)) == (ssize_t)sizeof(kind)) {
		_cleanup_fd_ int fd = new_socket(&kind);
		hand_out(CHANNEL, fd);
	}
	exit(EXIT_SUCCESS);
}

static int get_socket(const struct socket_kind *kind)
{
	struct answer answer;
	struct iovec part = { &answer, sizeof(answer) };
	union control control;
	struct msghdr msg = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf) };
	int fd;
	if (send(INSIDE, kind, sizeof(*kind), MSG_NOSIGNAL) < 0 ||
		RETRY(recvmsg(INSIDE, &msg, MSG_CMSG_CLOEXEC)) != (ssize_t)sizeof(answer))
		die("the part inside does not answer", 0);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
	if (answer.error || !header)
		return answer.error ? -answer.error : -EPROTO;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Not the loopback: what listens there alone is not meant to be published. */
static socklen_t address_inside(const struct net_publish *p, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(p->inside) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(p->inside) };
	(void)inet_pton(AF_INET, INSIDE_ADDRESS, &in.sin_addr);
	(void)inet_pton(AF_INET6, INSIDE_ADDRESS6, &in6.sin6_addr);
	if (p->v6)
		memcpy(ret, &in6, sizeof(in6));
	else
		memcpy(ret, &in, sizeof(in));
	return p->v6 ? sizeof(in6) : sizeof(in);
}

int inside_connect(const struct net_publish *p)
{
	const struct socket_kind kind = { .v6 = p->v6, .udp = p->udp };
	struct sockaddr_storage address;
	socklen_t size = address_inside(p, &address);
	_cleanup_fd_ int fd = get_socket(&kind);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&address, size) < 0 &&
		errno != EINPROGRESS)
		return -errno;
	return TAKE_FD(fd);
}
