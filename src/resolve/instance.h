/* SPDX-License-Identifier: MIT */
/* instance.h - the folder of one running instance: making, locking, sweeping it */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "resolve/state.h"

/* The folder of a run: made before the start where something in it is needed, or where its
 * name must be the run's own; else once the program runs. The one part of struct ready that
 * changes after resolving. */
struct instance {
	const char *place; /* the folder of all instances' folders */
	const char *name; /* given by the caller; NULL: none */
	const char *id; /* the last part of the folder's path; NULL until it is made */
	char *dir; /* its path */
	int place_fd, fd; /* -1 until it is made; locked for as long as @fd is open */
};

/* $XDG_RUNTIME_DIR/sbox; where that is no folder of ours /run/user/UID/sbox, then
 * /tmp/sbox-UID. @runtime_dir may be NULL. */
const char *instance_place(struct arena *a, uid_t uid, const char *runtime_dir);
/* Opens it, and makes it where @make says so; it is the caller's alone, or -EPERM. */
int instance_open_place(const char *place, bool make);

/* Nothing is made yet. */
struct instance *instance_new(
	struct arena *a, uid_t uid, const char *runtime_dir, const char *name);
/* Makes and locks the folder unless it is there. 0; -EEXIST where another instance has the
 * name; or negative errno; each with @e set. */
int instance_make(struct instance *in, struct err *e);
/* Another folder in it, for one thing that a sandboxed program shall see or write: its path,
 * or NULL with @e set. */
const char *instance_subdir(
	struct instance *in, struct arena *a, const char *name, struct err *e);
/* Makes the folder unless it is there, and lists the instance with what @s says; its id,
 * name and pid are filled in. Allocates nothing. 0 or negative errno with @e set. */
int instance_publish(struct instance *in, struct instance_state *s, struct err *e);
/* Puts @s into the folder @dir in place of what is there. 0 or negative errno. */
int instance_write_state(int dir, const struct instance_state *s);
/* Takes the folder away. May be called for one that was never made. */
void instance_remove(struct instance *in);

/* Whose folder it is: the supervisor's pid as we see it, 0 where it lives in a pid namespace
 * that we do not see, -ESRCH where nobody lives. The kernel knows: no file is believed. */
pid_t instance_owner(int fd);
/* Removes the folder @name in @place if nobody lives in it. Whether it is gone. */
bool instance_sweep(int place, const char *name);
