/* SPDX-License-Identifier: MIT */
/* network_helper.h - slirp4netns or pasta: its words, its start, and when it is ready */
#pragma once

struct err;
struct network_run;

/* Starts it; n->helper.channel becomes readable when network_helper_look() is to be called.
 * 0 or negative errno with @e set. */
int network_helper_start(struct network_run *n, struct err *e);
/* 0: it is ready, and the ports are published; -EAGAIN: not yet; or an error with @e set. */
int network_helper_look(struct network_run *n, struct err *e);
