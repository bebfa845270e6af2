/* SPDX-License-Identifier: MIT */
/* net_forward.h - published ports, as slirp4netns is asked for them and tells them */
#pragma once

#include <netinet/in.h>

#include "base/arena.h"
#include "config/net_rule.h"

/* The folder in an instance's, and slirp4netns' socket in it. */
#define NETWORK_FOLDER "network"
#define NETWORK_SOCKET "slirp4netns"

struct net_forward {
	unsigned id; /* slirp4netns' number for it */
	struct net_publish publish;
};

struct net_forwards {
	struct net_forward *v;
	size_t n;
};

char *net_forward_add(struct arena *a, const struct net_publish *p);
char *net_forward_remove(struct arena *a, unsigned id);
extern const char net_forward_list[];
/* Whether the answer is a refusal. */
bool net_forward_refused(const char *answer);
/* Reads the answer to net_forward_list; what does not look like a port is passed over. */
void net_forward_parse(struct arena *a, const char *answer, struct net_forwards *ret);
/* The address of the host, as text in @out. */
const char *net_publish_address(
	const struct net_publish *p, char out[static INET6_ADDRSTRLEN]);
/* "127.0.0.1:8080:80/udp", as net_publish_parse() reads it. */
const char *net_forward_text(struct arena *a, const struct net_publish *p);
