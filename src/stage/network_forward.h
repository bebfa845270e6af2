/* SPDX-License-Identifier: MIT */
/* network_forward.h - published ports: the socket where they are asked for, and who serves it */
#pragma once

struct err;
struct network_run;

/* Makes the socket where ports are asked for; where some are to be published from the start,
 * it is served at once. 0 or negative errno with @e set. */
int network_forward_begin(struct network_run *n, struct err *e);
/* Has the supervisor watch who serves it, or else the socket: whoever asks first starts it. */
void network_forward_watch(struct network_run *n);
/* Ends it; none is fine. */
void network_forward_stop(struct network_run *n);
