/* SPDX-License-Identifier: MIT */
/* ident.h - who and where the program believes to be: passwd, group, machine-id */
#pragma once

#include "resolve/ready.h"

/* The text of a passwd file with what is mapped and nothing else: root (where 0 exists
 * inside), the caller, nobody. */
const char *ident_passwd(const struct ready *rd);
const char *ident_group(const struct ready *rd);
/* The machine id's line, or NULL where the host's shall be seen. */
int ident_machine_id(const struct ready *rd, const char **ret, struct err *e);
