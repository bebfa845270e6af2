/* SPDX-License-Identifier: MIT */
/* steps.h - what a start would do, in order, as text: --dry-run */
#pragma once

#include <stdio.h>

#include "resolve/ready.h"

void steps_print(FILE *f, const struct ready *rd);
void steps_print_json(FILE *f, const struct ready *rd);
