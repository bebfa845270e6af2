/* SPDX-License-Identifier: MIT */
/* proxy.h - the filters of the session bus and of the sound server, as runs of their own */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "resolve/wish.h"

/* The socket that "unix:path=/run/user/1000/bus,guid=..." or "unix:abstract=..." names.
 * 0, or -EPROTONOSUPPORT for another kind of address or a list, -EINVAL, -ENAMETOOLONG. */
int proxy_address(const char *address, struct sockaddr_un *ret, socklen_t *ret_size);
/* Whether a bus listens there: 0 or negative errno. */
int proxy_try(const char *address);
/* Plans xdg-dbus-proxy at @program for the bus at @address into r->rd->dbus; it will
 * listen at @folder/bus. 0 or negative errno with r->e set. */
int proxy_resolve(
	struct resolver *r, const char *program, const char *address, const char *folder);
/* The same for sbox-sound and the sound server's socket @server, into r->rd->sound; it will
 * listen at @folder/native. */
int proxy_resolve_sound(struct resolver *r, const char *server, const char *folder);
