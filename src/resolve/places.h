/* SPDX-License-Identifier: MIT */
/* places.h - the host's side of each mount: sources, homes, and places to mount on */
#pragma once

#include "resolve/wish.h"

/* The home's path inside, or NULL for none. */
const char *places_home_inside(struct resolver *r);
/* The wish for the home; makes a private one. 0 or negative errno with r->e set. */
int places_home(struct resolver *r);
/* Looks at every source and every place to mount on, once the ops are in order.
 * Mistakes go to r->d; 0, or negative errno with r->e set. */
int places_settle(struct resolver *r);
/* Takes away the places that were made, see struct undo. */
void places_undo(const struct ready *rd, bool failed);
