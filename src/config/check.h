/* SPDX-License-Identifier: MIT */
/* check.h - rules between settings: what contradicts, what needs what */
#pragma once

#include "config/diag.h"
#include "config/plan.h"

/* Adds a mistake for each rule that the plan breaks. */
void check_plan(const struct plan *p, struct diags *d);
