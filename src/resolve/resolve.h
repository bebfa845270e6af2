/* SPDX-License-Identifier: MIT */
/* resolve.h - the plan, held against this machine, made into all that a start needs */
#pragma once

#include "config/diag.h"
#include "resolve/ready.h"

/* Fills @rd. Mistakes that a user can mend in the plan go to @d, all of them; what else
 * fails is in @e. Makes nothing on the host with @dry. 0, or negative errno when either
 * has something to tell; resolve_undo() is then to be called too. */
int resolve_plan(
	const struct plan *p, bool dry, struct ready *rd, struct diags *d, struct err *e);
/* Takes away what resolve_plan() made on the host: all of it after a failed start, else
 * what was only a place to mount on. */
void resolve_undo(const struct ready *rd, bool failed);
