/* SPDX-License-Identifier: MIT */
/* resolve.h - the plan, held against this machine, made into all that a start needs */
#pragma once

#include "config/diag.h"
#include "resolve/ready.h"

/* The beginning of @rd: who the caller is, and the limits, so that what takes long can be
 * asked for before all else is looked at. Mistakes go to @d. 0, or negative errno with @e. */
int resolve_begin(const struct plan *p, struct ready *rd, struct diags *d, struct err *e);
/* The rest of @rd, after resolve_begin() without an error. Mistakes that a user can mend in
 * the plan go to @d, all of them; what else fails is in @e. Makes nothing on the host with
 * @dry. 0, or negative errno when either has something to tell; resolve_undo() is then to be
 * called too. */
int resolve_plan(struct ready *rd, bool dry, struct diags *d, struct err *e);
/* Takes away what resolve_plan() made on the host: all of it after a failed start, else
 * what was only a place to mount on. */
void resolve_undo(const struct ready *rd, bool failed);
