/* SPDX-License-Identifier: MIT */
/* forward.h - what the parts of sbox-forward share */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "resolve/net_forward.h"

enum {
	CONTROL = STDIN_FILENO, /* listens: requests for ports */
	INSIDE = STDOUT_FILENO, /* to the part in the sandbox's network */
	PORTS_MAX = 256,
	FLOWS_MAX = 1000, /* connections at once; more wait */
	PEERS_MAX =
		256, /* senders of datagrams that are told apart; the oldest is forgotten */
	PEER_MS = 180000, /* how long one is remembered that says nothing */
	HALF_SIZE = 32768,
	DATAGRAM_MAX = 65535,
};

struct forwarder;

/* A descriptor that is waited for. */
struct source {
	int fd; /* owned; -1: closed, which it stays */
	uint32_t wanted; /* epoll's events; 0: it is not waited for */
	void (*on_event)(struct forwarder *f, struct source *s, uint32_t events);
	struct source *next_over;
};

/* A published port. */
struct port {
	struct source source; /* first: it is freed by it */
	struct net_publish publish;
	struct port *next;
};

struct peer;

struct forwarder {
	int epoll;
	struct source control, inside;
	struct port *ports;
	struct peer *peers; /* of all ports of UDP, the last heard first */
	struct source *over; /* to be freed when the events at hand are done */
	size_t n_ports, n_flows, flows_max, n_peers;
	char datagram[DATAGRAM_MAX]; /* the one at hand */
};

/* Ends the program; @error: an errno, or 0. */
_Noreturn void die(const char *what, int error);

/* ---- sbox-forward.c ---- */

/* Waits for @events from now on; 0: for none. */
void source_want(struct forwarder *f, struct source *s, uint32_t events);
/* Closes it. */
void source_close(struct forwarder *f, struct source *s);
/* Frees what begins with @s, once no event can name it any more. */
void source_bury(struct forwarder *f, struct source *s);

/* ---- inside.c ---- */

/* The part inside: makes sockets there and hands them out, until the other one has ended. */
_Noreturn void inside_serve(void);
/* A socket of the sandbox's network, on its way to the port inside. Negative errno. */
int inside_connect(const struct net_publish *p);

/* ---- control.c ---- */

/* Somebody asks for ports. */
void on_control(struct forwarder *f, struct source *s, uint32_t events);
/* All ports of TCP wait for connections, or none does. */
void ports_listen(struct forwarder *f, bool listen);

/* ---- tcp.c, udp.c ---- */

/* Each: what can be read at the port is. */
void on_connection(struct forwarder *f, struct source *s, uint32_t events);
void on_datagrams(struct forwarder *f, struct source *s, uint32_t events);
/* The port is no more, or (NULL) time has passed: forgets senders. */
void peers_forget(struct forwarder *f, const struct port *port);

/* ---- walls.c ---- */

/* Few system calls, from here on. */
void walls_raise(void);
