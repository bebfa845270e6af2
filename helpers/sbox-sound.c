/* SPDX-License-Identifier: MIT */
/* sbox-sound.c - between a program and the sound server: what is asked for is sound, or nothing
 *
 * usage: sbox-sound FD SOCKET SERVER play|record
 *
 * Listens at SOCKET, and connects each client anew to the server's socket SERVER, so that a
 * server that was restarted is found. What the client sends is read packet by packet and
 * made harmless (resolve/pulse.c); of what the server sends, packets are looked at, and sound
 * passes; no descriptors pass. Writes a byte to FD when it listens, and ends when the other
 * end of FD is closed.
 *
 * Each connection has a process of its own, so that nobody waits for another's sound. The
 * sandbox that sbox starts it in shows nothing but the folders of the two sockets; its end
 * ends them all.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "resolve/pulse.h"

/* A sound server of PulseAudio takes 64 clients, and those of other programs are among them. */
enum { CLIENTS_MAX = 32, ROOM = 2 * (PULSE_HEADER + PULSE_PACKET_MAX) };
enum { CONNECT_S = 10 }; /* as long a server may take to let a client in */

/* What was told once, by any of the processes: the program can try as often as it likes, and
 * the terminal is the caller's. */
struct told {
	atomic_flag no_server, no_record;
};

/* One way of a connection: bytes that may be written, then such that were not looked at yet.
 * In between there is a gap while they are. */
struct way {
	int from, to;
	bool asks; /* from the client to the server */
	uint8_t data[ROOM];
	size_t ready; /* may be written */
	size_t raw, have; /* not looked at */
	uint32_t passing, dropping; /* of a packet or a piece of sound, what is to come */
	bool ended; /* nothing more will come */
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "sbox-sound: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- one connection ---- */

static void keep(struct way *w, size_t n)
{
	memmove(w->data + w->ready, w->data + w->raw, n);
	w->ready += n;
	w->raw += n;
}

static size_t less(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A packet of @size bytes: what is needed of it is looked at in place. 1: it was, and so much
 * of it is to pass and to be dropped; 0: too little is there; negative errno. */
static int take_packet(struct way *w, struct pulse_client *c, uint32_t size)
{
	uint8_t *packet = w->data + w->raw + PULSE_HEADER;
	size_t left = w->have - w->raw - PULSE_HEADER, tamed = size;
	uint32_t passes = size;
	if (w->asks && size > PULSE_PACKET_MAX)
		return -EPROTO;
	if (left < (w->asks ? size : less(size, PULSE_LOOK)))
		return 0;
	if (w->asks && c->waiting >= PULSE_WAITING_MAX)
		return 0; /* else answers that nobody reads pile up in the server */
	int r = w->asks ? pulse_tame(c, packet, &tamed)
			: pulse_answer(c, packet, &passes);
	if (r < 0)
		return r;
	if (w->asks) {
		c->waiting++;
		passes = (uint32_t)tamed;
	}
	w->passing = passes;
	w->dropping = size - passes;
	pulse_write_size(w->data + w->raw, passes);
	if (passes > 0)
		keep(w, PULSE_HEADER);
	else
		w->raw += PULSE_HEADER;
	return 1;
}

/* One more piece; as take_packet(). */
static int take(struct way *w, struct pulse_client *c)
{
	struct pulse_header header;
	size_t left = w->have - w->raw;
	if (left > 0 && w->passing > 0) {
		size_t n = less(left, w->passing);
		keep(w, n);
		w->passing -= (uint32_t)n;
		return 1;
	}
	if (left > 0 && w->dropping > 0) {
		size_t n = less(left, w->dropping);
		w->raw += n;
		w->dropping -= (uint32_t)n;
		return 1;
	}
	if (left < PULSE_HEADER)
		return 0;
	int r = pulse_read_header(w->data + w->raw, &header);
	if (r < 0)
		return r;
	if (header.channel == PULSE_CONTROL)
		return take_packet(w, c, header.size);
	keep(w, PULSE_HEADER);
	w->passing = header.size;
	return 1;
}

/* All that can be taken now. */
static int look(struct way *w, struct pulse_client *c)
{
	int r;
	while ((r = take(w, c)) > 0)
		;
	memmove(w->data + w->ready, w->data + w->raw, w->have - w->raw);
	w->have -= w->raw - w->ready;
	w->raw = w->ready;
	return r;
}

static int fill(struct way *w)
{
	if (w->have == ROOM)
		return -EPIPE; /* it has hung up, and nobody takes what it sent before */
	ssize_t n = RETRY(read(w->from, w->data + w->have, ROOM - w->have));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	w->ended = n == 0;
	w->have += (size_t)n;
	return 0;
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
	ssize_t n = w->asks ? send_named(w->to, w->data, w->ready)
			    : RETRY(send(w->to, w->data, w->ready, MSG_NOSIGNAL));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	memmove(w->data, w->data + n, w->have - (size_t)n);
	w->have -= (size_t)n;
	w->ready -= (size_t)n;
	w->raw -= (size_t)n;
	return 0;
}

static int await(struct way ways[2], struct pollfd fds[4])
{
	for (int i = 0; i < 2; i++) {
		struct way *w = &ways[i];
		fds[2 * i] = (struct pollfd){ .fd = w->ended ? -1 : w->from,
			.events = w->have < ROOM ? POLLIN : 0 };
		fds[2 * i + 1] =
			(struct pollfd){ .fd = w->ready ? w->to : -1, .events = POLLOUT };
	}
	return RETRY(poll(fds, 4, -1));
}

/* Until one side has ended and the other has got all that it is to get. */
static void relay(int client, int server, struct pulse_client *c, struct told *told)
{
	struct way ways[2];
	struct pollfd fds[4];
	ways[0] = (struct way){ .from = client, .to = server, .asks = true };
	ways[1] = (struct way){ .from = server, .to = client };
	while (await(ways, fds) >= 0) {
		for (int i = 0; i < 2; i++)
			if ((fds[2 * i].revents && fill(&ways[i]) < 0) ||
				(fds[2 * i + 1].revents && drain(&ways[i]) < 0))
				return;
		/* the server's first: an answer makes room for a question */
		for (int i = 1; i >= 0; i--)
			if (look(&ways[i], c) < 0 ||
				(ways[i].ended && ways[i].ready == 0))
				return;
		if (c->wanted_record && !atomic_flag_test_and_set(&told->no_record))
			fprintf(stderr,
				"sbox-sound: the program may not record; "
				"--sound=yes lets it\n");
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

/* A server that does not let us in for so long is as good as none. */
static int reach(const char *path)
{
	struct sockaddr_un sun = address(path);
	const struct timeval limit = { .tv_sec = CONNECT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	close(fd);
	return -1;
}

static _Noreturn void serve(int client, const char *path, bool record, struct told *told)
{
	struct pulse_client c = { .record = record };
	int server = reach(path);
	if (server < 0) {
		if (!atomic_flag_test_and_set(&told->no_server))
			fprintf(stderr,
				"sbox-sound: the sound server cannot be reached\n");
		_exit(1);
	}
	if (fcntl(client, F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(server, F_SETFL, O_NONBLOCK) < 0)
		die("fcntl");
	relay(client, server, &c, told);
	_exit(0);
}

static int reap(int n)
{
	while (n > 0 && waitpid(-1, NULL, WNOHANG) > 0)
		n--;
	return n;
}

static void on_child(int sig)
{
	(void)sig; /* poll(2) ends: a place is free */
}

static int start_listening(const char *path)
{
	struct sockaddr_un sun = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
		listen(fd, CLIENTS_MAX) < 0)
		die("cannot listen");
	return fd;
}

static struct told *share_told(void)
{
	void *p = mmap(NULL, sizeof(struct told), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

int main(int argc, char **argv)
{
	uint64_t fd;
	int clients = 0;
	bool record = argc == 5 && strcmp(argv[4], "record") == 0;
	if (argc != 5 || num_u64(argv[1], 0, 1024, &fd) < 0 ||
		(!record && strcmp(argv[4], "play") != 0)) {
		fprintf(stderr, "usage: sbox-sound FD SOCKET SERVER play|record\n");
		return 2;
	}
	const struct sigaction action = { .sa_handler = on_child };
	int listener = start_listening(argv[2]);
	struct told *told = share_told();
	if (sigaction(SIGCHLD, &action, NULL) < 0 || write((int)fd, "r", 1) != 1)
		die("cannot tell that it listens");

	for (;;) {
		clients = reap(clients);
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
			serve(client, argv[3], record, told);
		clients += pid > 0;
		if (client >= 0)
			close(client);
	}
}
