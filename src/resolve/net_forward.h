/* SPDX-License-Identifier: MIT */
/* net_forward.h - published ports as text: asked for, refused, listed */
#pragma once

#include <netinet/in.h>

#include "base/arena.h"
#include "config/net_rule.h"

/* The folder in an instance's, and the socket in it where ports are asked for. */
#define NETWORK_FOLDER "network"
#define NETWORK_SOCKET "ports"

struct net_forwards {
	struct net_publish *v;
	size_t n;
};

enum net_forward_what { FORWARD_LIST, FORWARD_ADD, FORWARD_REMOVE, FORWARD_COUNT };

/* The address of the host, as text in @out. */
const char *net_publish_address(
	const struct net_publish *p, char out[static INET6_ADDRSTRLEN]);
/* "127.0.0.1:8080:80/udp", as net_publish_parse() reads it. */
const char *net_forward_text(struct arena *a, const struct net_publish *p);
/* Whether both are the same port of the host, wherever they lead. */
bool net_forward_same(const struct net_publish *x, const struct net_publish *y);

/* A request; @p: the port, NULL for a listing. */
const char *net_forward_ask(
	struct arena *a, enum net_forward_what what, const struct net_publish *p);
/* The other side's. False: it is none. */
bool net_forward_asked(
	const char *text, enum net_forward_what *ret_what, struct net_publish *ret);

/* The answer: a negative errno or 0, and the ports of a listing (NULL: it is none). */
const char *net_forward_answer(
	struct arena *a, int error, const struct net_forwards *ports);
/* And read. The errno in it, -EPROTO where it is none. */
int net_forward_answered(struct arena *a, char *text, struct net_forwards *ret);
