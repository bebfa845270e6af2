/* SPDX-License-Identifier: MIT */
/* network_ipv6.h - IPv6 inside that is there at once, without waiting for a router */
#pragma once

#include "stage/network_process.h"

/* Before the helper makes its device: no waiting whether somebody has our address. */
int network_ipv6_begin(const struct network_place *place, struct err *e);
/* When it has: the address, and the route to everywhere. */
int network_ipv6_configure(const struct network_place *place, struct err *e);
