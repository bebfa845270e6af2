/* SPDX-License-Identifier: MIT */
/* instance.h - the folder that one run keeps its sockets in, and who sweeps it */
#pragma once

#include "resolve/ready.h"

/* Makes $XDG_RUNTIME_DIR/sbox/PID (or one in /tmp where there is no such variable), mode
 * 0700, locked while this process lives, and removes those whose process is gone.
 * 0 or negative errno with @e set. */
int instance_dir_make(struct ready *rd, struct err *e);
void instance_dir_remove(const struct ready *rd);
