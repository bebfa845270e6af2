/* SPDX-License-Identifier: MIT */
/* sbox-sound.c - between a program and the sound server: what is asked for is sound, or nothing
 *
 * usage: sbox-sound FD SOCKET SERVER
 *
 * Listens at SOCKET, and connects each client anew to the server's socket SERVER, so that a
 * server that was restarted is found. What the client sends is read packet by packet and
 * made harmless (resolve/pulse.c); what the server sends passes as it is, but for
 * descriptors. Writes a byte to FD when it listens, and ends when the other end of FD is
 * closed.
 *
 * Each connection has a process of its own, so that nobody waits for another's sound. The
 * sandbox that sbox starts it in shows nothing but the folders of the two sockets; its end
 * ends them all.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "resolve/pulse.h"

/* A sound server of PulseAudio takes 64 clients, and those of other programs are among them. */
enum { CLIENTS_MAX = 32, ROOM = 2 * (PULSE_HEADER + PULSE_PACKET_MAX) };
enum { EXIT_NO_SERVER = 3 }; /* of a connection's process */

/* One way of a connection. */
struct way {
	int from, to;
	bool tamed;
	uint8_t data[ROOM];
	size_t have; /* in @data */
	size_t ready; /* of that, what may be written */
	uint32_t passing; /* of a piece of sound, what is still to come */
	bool ended; /* nothing more will come */
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "sbox-sound: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- one connection ---- */

/* The packet behind @ready, if it is whole. 1: it was; 0: not yet; negative errno. */
static int take_packet(struct way *w, uint32_t size)
{
	uint8_t *packet = w->data + w->ready + PULSE_HEADER;
	size_t left = w->have - w->ready - PULSE_HEADER, tamed = size;
	if (left < size)
		return 0;
	int r = pulse_tame(packet, &tamed);
	if (r < 0)
		return r;
	memmove(packet + tamed, packet + size, left - size);
	w->have -= size - tamed;
	pulse_write_size(w->data + w->ready, (uint32_t)tamed);
	w->ready += PULSE_HEADER + tamed;
	return 1;
}

/* One more piece; as take_packet(). */
static int take(struct way *w)
{
	struct pulse_header header;
	size_t left = w->have - w->ready;
	if (w->passing > 0 && left > 0) {
		size_t n = left < w->passing ? left : w->passing;
		w->ready += n;
		w->passing -= (uint32_t)n;
		return 1;
	}
	if (left < PULSE_HEADER)
		return 0;
	int r = pulse_read_header(w->data + w->ready, &header);
	if (r < 0)
		return r;
	if (header.channel == PULSE_CONTROL)
		return take_packet(w, header.size);
	w->ready += PULSE_HEADER;
	w->passing = header.size;
	return 1;
}

static int fill(struct way *w)
{
	ssize_t n = RETRY(read(w->from, w->data + w->have, ROOM - w->have));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	w->ended = n == 0;
	w->have += (size_t)n;
	if (!w->tamed) {
		w->ready = w->have;
		return 0;
	}
	int r;
	while ((r = take(w)) > 0)
		;
	return r;
}

/* With our ids, as PulseAudio's clients send them: the server lets its own user in by these. It
 * asks the kernel for them too late for what comes right behind the connection. */
static ssize_t send_named(int to, void *data, size_t size)
{
	const struct ucred ids = { .pid = getpid(), .uid = getuid(), .gid = getgid() };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(ids))] = { 0 };
	struct iovec part = { data, size };
	struct msghdr msg = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(ids));
	memcpy(CMSG_DATA(c), &ids, sizeof(ids));
	return RETRY(sendmsg(to, &msg, MSG_NOSIGNAL));
}

static int drain(struct way *w)
{
	ssize_t n = w->tamed ? send_named(w->to, w->data, w->ready)
			     : RETRY(send(w->to, w->data, w->ready, MSG_NOSIGNAL));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	memmove(w->data, w->data + n, w->have - (size_t)n);
	w->have -= (size_t)n;
	w->ready -= (size_t)n;
	return 0;
}

/* Until one side has ended and the other has got all that it is to get. */
static void relay(int client, int server)
{
	struct way ways[2];
	ways[0] = (struct way){ .from = client, .to = server, .tamed = true };
	ways[1] = (struct way){ .from = server, .to = client };
	for (;;) {
		struct pollfd fds[4];
		for (int i = 0; i < 2; i++) {
			struct way *w = &ways[i];
			if (w->ended && w->ready == 0)
				return;
			bool room = w->have < ROOM && !w->ended;
			fds[2 * i] = (struct pollfd){ .fd = room ? w->from : -1,
				.events = POLLIN };
			fds[2 * i + 1] = (struct pollfd){ .fd = w->ready ? w->to : -1,
				.events = POLLOUT };
		}
		if (RETRY(poll(fds, 4, -1)) < 0)
			return;
		for (int i = 0; i < 2; i++)
			if ((fds[2 * i].revents && fill(&ways[i]) < 0) ||
				(fds[2 * i + 1].revents && drain(&ways[i]) < 0))
				return;
	}
}

/* ---- all of them ---- */

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t size = strlen(path) + 1;
	errno = ENAMETOOLONG;
	if (size > sizeof(sun.sun_path))
		die(path);
	memcpy(sun.sun_path, path, size);
	return sun;
}

static _Noreturn void serve(int client, const char *path)
{
	struct sockaddr_un sun = address(path);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 || connect(server, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		_exit(EXIT_NO_SERVER);
	if (fcntl(client, F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(server, F_SETFL, O_NONBLOCK) < 0)
		die("fcntl");
	relay(client, server);
	_exit(0);
}

/* How many of @n are left. That there is no server is told once: the program can try as often
 * as it likes, and the terminal is the caller's. */
static int reap(int n, bool *told)
{
	int status;
	for (; n > 0 && waitpid(-1, &status, WNOHANG) > 0; n--) {
		if (*told || !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_NO_SERVER)
			continue;
		*told = true;
		fprintf(stderr, "sbox-sound: the sound server cannot be reached\n");
	}
	return n;
}

static void on_child(int sig)
{
	(void)sig; /* poll(2) ends: a place is free */
}

int main(int argc, char **argv)
{
	uint64_t fd;
	int clients = 0;
	bool told = false;
	if (argc != 4 || num_u64(argv[1], 0, 1024, &fd) < 0) {
		fprintf(stderr, "usage: sbox-sound FD SOCKET SERVER\n");
		return 2;
	}
	struct sockaddr_un sun = address(argv[2]);
	const struct sigaction action = { .sa_handler = on_child };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
		listen(listener, CLIENTS_MAX) < 0)
		die("cannot listen");
	if (sigaction(SIGCHLD, &action, NULL) < 0 || write((int)fd, "r", 1) != 1)
		die("cannot tell that it listens");

	for (;;) {
		clients = reap(clients, &told);
		struct pollfd fds[] = { { .fd = (int)fd, .events = POLLIN },
			{ .fd = clients < CLIENTS_MAX ? listener : -1,
				.events = POLLIN } };
		if (poll(fds, 2, clients < CLIENTS_MAX ? -1 : 1000) < 0 && errno != EINTR)
			die("poll");
		if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
			return 0;
		if (!(fds[1].revents & POLLIN))
			continue;
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pid_t pid = client >= 0 ? fork() : -1;
		if (pid == 0)
			serve(client, argv[3]);
		clients += pid > 0;
		if (client >= 0)
			close(client);
	}
}
