/* SPDX-License-Identifier: MIT */
/* network_forward.h - published ports: the socket where they are asked for, and who serves it */
#pragma once

struct err;
struct network_run;

/* Makes the socket where ports are asked for; where some are to be published from the start,
 * it is served at once. 0 or negative errno with @e set. */
int network_forward_begin(struct network_run *n, struct err *e);
/* Somebody asks: has the socket served from now on. */
void network_forward_asked(struct network_run *n);
/* Has it watched, if it is there. */
void network_forward_watch(struct network_run *n);
/* Ends it; none is fine. */
void network_forward_stop(struct network_run *n);
