/* SPDX-License-Identifier: MIT */
/* label.h - the AppArmor profile and the SELinux context that the program is to get */
#pragma once

#include "config/diag.h"
#include "resolve/ready.h"

enum { LABEL_MAX = 4096 };

/* The caller's own AppArmor profile into @buf; whether it confines at all. */
bool label_confines(char *buf, size_t size);
/* Fills rd->label: what is named must be there, or is a mistake in @d; auto takes what is. */
void label_resolve(struct ready *rd, struct diags *d);
