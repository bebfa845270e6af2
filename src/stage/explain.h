/* SPDX-License-Identifier: MIT */
/* explain.h - the sentence for a failed step: what, where, why, and what to do */
#pragma once

#include "base/err.h"
#include "resolve/ready.h"
#include "stage/report.h"

/* Fills @e; returns its negative errno. */
int explain_report(const struct ready *rd, const struct report *report, struct err *e);
/* Why the namespaces could not be made. @error: negative errno of the clone. */
int explain_clone(int error, struct err *e);
