/* SPDX-License-Identifier: MIT */
/* network.h - all that works for network = user: the helper, the rules, the resolver */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "resolve/ready.h"
#include "stage/network_wall.h"
#include "stage/side.h"

struct awaited;
struct supervisor;

struct network_run {
	const struct ready *rd;
	struct supervisor *supervisor;
	struct side helper, filter, resolver;
	struct side guard; /* ends the helper when exit_fd closes */
	int user_ns, net_ns; /* -1: not known yet */
	int exit_fd; /* the helper ends when this closes */
	int changes; /* tells when the host's addresses change; -1: nobody needs to know */
};

/* Where those run that enter the sandbox's network. */
static inline struct network_place network_inside(
	const struct network_run *n, uint64_t capabilities)
{
	return (struct network_place){
		.user_ns = n->user_ns, .net_ns = n->net_ns, .capabilities = capabilities
	};
}

void network_init(struct network_run *n, const struct ready *rd, struct supervisor *s);
/* The namespace is there: takes @net_ns and starts all that it needs. @w: what the start
 * waits for. 0 or negative errno with @e set. */
int network_begin(struct network_run *n, int net_ns, struct awaited *w, struct err *e);
/* For struct awaited: one after the other is ready, or has ended. */
int network_look(struct awaited *w, struct err *e);
/* Tells what was refused: on stderr and to --json-status. */
void network_tell(struct network_run *n);
/* Ends all of them; none is fine. */
void network_stop(struct network_run *n);
