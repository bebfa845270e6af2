/* SPDX-License-Identifier: MIT */
/* overlay_server.h - fuse-overlayfs: one process a tree, outside of the sandbox */
#pragma once

#include "resolve/overlay.h"
#include "stage/side.h"

struct supervisor;

struct overlay_run {
	const struct ready *rd;
	struct supervisor *supervisor;
	int user_ns; /* the sandbox's, -1 until it is told */
	int memory; /* the mount for the next server's layer in memory; -1: none */
	struct side servers[OVERLAY_SERVERS_MAX];
	size_t n;
};

void overlay_init(struct overlay_run *o, const struct ready *rd, struct supervisor *s);
/* The sandbox's user namespace; taken. */
void overlay_enter(struct overlay_run *run, int user_ns);
/* A mount, attached nowhere, where the next server's layer is to lie; taken. */
void overlay_lend(struct overlay_run *run, int memory);
/* Starts the server of the next tree, for the mount at @device, which is taken. 0 or
 * negative errno with @e set. */
int overlay_serve(struct overlay_run *run, int device, struct err *e);
/* Whether all that there are to be have been started. */
bool overlay_all_served(const struct overlay_run *run);
/* Ends them all; the supervisor has waited for what was still to be written. */
void overlay_stop(struct overlay_run *run);
