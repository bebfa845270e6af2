/* SPDX-License-Identifier: MIT */
/* control.c - the socket between the supervisor and the program's process before its exec */
#include "stage/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fd.h"

int control_pair(int ret[2])
{
	int fds[2], on = 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	/* the kernel puts the sender's number into each message, made ours (unix(7)) */
	if (setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		int error = -errno;
		fd_close(fds[0]);
		fd_close(fds[1]);
		return error;
	}
	ret[0] = fds[0];
	ret[1] = fds[1];
	return 0;
}

int control_send(int fd, enum control_kind kind, int attached)
{
	char byte = (char)kind;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1 };
	if (attached >= 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &attached, sizeof(int));
	}
	return RETRY(sendmsg(fd, &msg, MSG_NOSIGNAL)) == 1 ? 0 : -errno;
}

int control_receive(int fd, pid_t *ret_pid, int *ret_fd)
{
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	_cleanup_fd_ int attached = -1;
	struct ucred sender = { 0 };

	ssize_t n = RETRY(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC));
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&attached, CMSG_DATA(c), sizeof(int));
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	}
	if (n == 0)
		return 0;
	if (ret_pid)
		*ret_pid = sender.pid;
	if (ret_fd)
		*ret_fd = TAKE_FD(attached);
	return byte;
}
