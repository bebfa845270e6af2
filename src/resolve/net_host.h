/* SPDX-License-Identifier: MIT */
/* net_host.h - the addresses of this host, and the networks that it is attached to */
#pragma once

#include "resolve/net_filter.h"

/* 0 or negative errno. */
int net_host_collect(struct arena *a, struct net_host *ret);
