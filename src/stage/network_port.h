/* SPDX-License-Identifier: MIT */
/* network_port.h - asking a running sandbox for published ports */
#pragma once

#include "base/err.h"
#include "resolve/net_forward.h"

/* Each: @path of the socket; 0 or negative errno with @e set. */
int network_port_add(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e);
int network_port_remove(
	struct arena *a, const char *path, const struct net_publish *p, struct err *e);
int network_port_list(
	struct arena *a, const char *path, struct net_forwards *ret, struct err *e);
