/* SPDX-License-Identifier: MIT */
/* wish.h - what the parts of resolve share: adding to the root's contents */
#pragma once

#include "config/diag.h"
#include "resolve/environ.h"
#include "resolve/ready.h"

struct resolver {
	const struct plan *p;
	struct arena *a;
	struct ready *rd;
	struct host *h;
	struct diags *d;
	struct err *e;
	struct env env;
	bool dry;
	unsigned rank;
};

/* One more op, its origin taken from @at (NULL: sbox's own idea, overridden by any). */
struct mount_op *wish(struct resolver *r, enum op_kind kind, const char *dest,
	enum setting_id id, const struct origin *at);
/* A bind of a host's path at the same place, if it exists; NULL where it does not. */
struct mount_op *wish_if_there(
	struct resolver *r, const char *path, enum setting_id id, bool write);

/* A file of sbox's own, read-only, that any rule overrides. */
void wish_text(
	struct resolver *r, const char *dest, const char *text, enum setting_id id);

/* All that the settings want there, by the parts below. 0 or negative errno with r->e set;
 * mistakes go to r->d. */
int wish_contents(struct resolver *r);
/* root: what the rest is put on. Its mistakes go to r->d, too; 0 or negative errno. */
int resolve_root(struct resolver *r);
/* Hidden and protected things again, wherever the rules so far show them by other names. */
void wish_guards_elsewhere(struct resolver *r);
/* /dev: a tmpfs with the usual nodes, terminals and shared memory. */
void wish_dev(struct resolver *r);
/* network: the helper and its rules, and the files that tell the program of them.
 * 0 or negative errno with r->e set. */
int wish_network(struct resolver *r);
/* wayland, x11, sound, gpu, themes and dbus: sockets, filters, devices, variables.
 * 0 or negative errno with r->e set. */
int wish_desktop(struct resolver *r);
