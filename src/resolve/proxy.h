/* SPDX-License-Identifier: MIT */
/* proxy.h - the filter of the session bus, as a run of its own */
#pragma once

#include "resolve/wish.h"

/* The socket in "unix:path=/run/user/1000/bus,guid=...", NULL for other kinds of address. */
const char *proxy_socket(struct arena *a, const char *address);
/* Prepares xdg-dbus-proxy at @program for the bus at @address into r->rd->dbus; it will
 * listen in the instance's folder. 0 or negative errno with r->e set. */
int proxy_resolve(struct resolver *r, const char *program, const char *address);
